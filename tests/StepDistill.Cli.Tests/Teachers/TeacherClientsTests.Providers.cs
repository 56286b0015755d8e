using System.Text;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Teachers;

/// <summary>Every provider: what its requests look like, and where the key is and is not.</summary>
public sealed class TeacherClientsProvidersTests
{
    private const string Secret = "sk-secret-of-ours";

    [Theory]
    [InlineData("openai", "/v1", "/v1/chat/completions", "Bearer " + Secret)]
    [InlineData("azure", "", "/openai/v1/chat/completions", "Bearer " + Secret)]
    [InlineData("azure", "/openai/v1/", "/openai/v1/chat/completions", "Bearer " + Secret)]
    [InlineData("anthropic", "", "/v1/messages", "Bearer " + Secret)]
    [InlineData("ollama", "", "/api/chat", null)]
    public async Task Each_provider_is_asked_in_its_own_way(string provider, string below, string path, string? key)
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "It has wings.\nAnswer: fly"));

        var run = await WithKeyAsync(provider, variable => Run.Verb(
            new AnnotateVerb(FakeStages.Create()), Words(folder, server, provider, below, variable, "--json")));

        Assert.Equal((ExitCode.Success, 4), (run.Code, run.Json["statuses"]!["ok"]!.GetValue<int>()));
        Assert.All(server.Paths, one => Assert.Equal(path, one));
        Assert.All(server.Keys, one => Assert.Equal(key, one));
        Assert.Equal(4, server.Requests.Count);
        Assert.All(server.Requests, request => Assert.Equal("test", request["model"]!.GetValue<string>()));
        Assert.DoesNotContain(Secret, Everything(folder, run), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai", "/v1", 400)]
    [InlineData("azure", "", 400)]
    [InlineData("anthropic", "", 400)]
    [InlineData("openai", "/v1", 401)]
    [InlineData("azure", "", 403)]
    [InlineData("anthropic", "", 401)]
    [InlineData("openai", "/v1", 404)]
    [InlineData("anthropic", "", 404)]
    public async Task A_server_that_repeats_the_key_does_not_make_us_tell_it(string provider, string below, int status)
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (status, $"The key {Secret} is not for this."));

        var run = await WithKeyAsync(provider, variable => Run.Verb(
            new AnnotateVerb(FakeStages.Create()), Words(folder, server, provider, below, variable)));

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains($"({status})", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, Everything(folder, run), StringComparison.Ordinal);
        if (status is 400 or 404)
        {
            Assert.Contains("The key [KEY] is not for this.", run.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("openai", "OPENAI_API_KEY", "--set teacher.endpoint=null")]
    [InlineData("azure", "AZURE_OPENAI_API_KEY", "")]
    [InlineData("anthropic", "ANTHROPIC_API_KEY", "")]
    public async Task Without_a_key_it_is_said_what_to_set(string provider, string variable, string more)
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "Answer: fly"));
        using var environment = new ChangedEnvironment((variable, null), SecretsIn(folder));

        var run = await Run.Verb(new AnnotateVerb(FakeStages.Create()),
            [.. Words(folder, server, provider, "", null), .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains($"The environment variable {variable} is not set", run.Error, StringComparison.Ordinal);
        Assert.Contains($"dotnet user-secrets set {variable} KEY --id stepdistill", run.Error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_user_secret_serves_where_the_environment_has_no_key()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "Answer: fly"));
        folder.Write("home/Microsoft/UserSecrets/stepdistill/secrets.json", $$"""{ "STEPDISTILL_OTHER_KEY": "{{Secret}}" }""");

        using var environment = new ChangedEnvironment(("STEPDISTILL_OTHER_KEY", null), SecretsIn(folder));
        var words = Words(folder, server, "openai", "/v1", "STEPDISTILL_OTHER_KEY");

        var run = await Run.Verb(new AnnotateVerb(FakeStages.Create()), words);

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.All(server.Keys, key => Assert.Equal($"Bearer {Secret}", key));
        Directory.Delete(folder["home"], recursive: true);      // the one place where it may stand
        Assert.DoesNotContain(Secret, Everything(folder, run), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_that_cannot_be_read_are_not_quoted()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "Answer: fly"));
        folder.Write("home/Microsoft/UserSecrets/stepdistill/secrets.json", $"OPENAI_API_KEY = {Secret}");

        using var environment = new ChangedEnvironment(("STEPDISTILL_OTHER_KEY", null), SecretsIn(folder));

        var run = await Run.Verb(new AnnotateVerb(FakeStages.Create()), Words(folder, server, "openai", "/v1", "STEPDISTILL_OTHER_KEY"));

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("The user secrets 'stepdistill' cannot be read", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, run.Error, StringComparison.Ordinal);
    }

    /// <summary>This variable is looked at first, on every system, for where user secrets lie.</summary>
    private static (string, string?) SecretsIn(TemporaryFolder folder) => ("APPDATA", folder["home"]);

    private static async Task<Run> WithKeyAsync(string provider, Func<string, Task<Run>> run)
    {
        var variable = $"STEPDISTILL_TEST_KEY_{provider}";
        using var environment = new ChangedEnvironment((variable, Secret));
        return await run(variable);
    }

    private static string[] Words(TemporaryFolder folder, ChatServer server, string provider, string below, string? variable, params string[] more) =>
    [
        Birds.WriteTo(folder), "--runs", folder["runs"],
        "--set", "teacher.name=chat", "--set", "teacher.model=test", "--set", $"teacher.provider={provider}",
        "--set", $"teacher.endpoint={server.Address.Replace("/v1", below, StringComparison.Ordinal)}",
        .. variable is null ? Array.Empty<string>() : ["--set", $"teacher.key_variable={variable}"],
        .. more,
    ];

    /// <summary>All that the command wrote: on the terminal, and into files of any kind.</summary>
    private static string Everything(TemporaryFolder folder, Run run) => run.Output + run.Error + string.Concat(
        Directory.EnumerateFiles(folder[""], "*", SearchOption.AllDirectories).Select(file => File.ReadAllText(file, Encoding.Latin1)));

    /// <summary>Environment variables with other values for a while.</summary>
    private sealed class ChangedEnvironment : IDisposable
    {
        private readonly (string Name, string? Value)[] _before;

        public ChangedEnvironment(params (string Name, string? Value)[] values)
        {
            _before = Array.ConvertAll(values, one => (one.Name, Environment.GetEnvironmentVariable(one.Name)));
            Array.ForEach(values, one => Environment.SetEnvironmentVariable(one.Name, one.Value));
        }

        public void Dispose() => Array.ForEach(_before, one => Environment.SetEnvironmentVariable(one.Name, one.Value));
    }
}
