using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Teachers;

public sealed partial class TeacherClientsTests
{
    private const string KeyVariable = "STEPDISTILL_TEST_KEY";

    [Fact]
    public async Task A_server_of_ones_own_is_asked_and_gets_the_key()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(prompt => (200,
            prompt.Contains("penguin", StringComparison.Ordinal) || prompt.Contains("auk", StringComparison.Ordinal)
                ? "It has flippers. So the answer is swim."
                : "It has wings. So the answer is fly."));
        Environment.SetEnvironmentVariable(KeyVariable, "secret-1");
        try
        {
            var run = await Run.Verb(new AnnotateVerb(FakeStages.Create()), Words(folder, server.Address, "--json"));
            var stats = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), Words(folder, server.Address, "--json"));

            Assert.Equal((ExitCode.Success, 4), (run.Code, run.Json["asked"]!.GetValue<long>()));
            Assert.Equal(3, stats.Json["splits"]!["train"]!["correct"]!.GetValue<long>());
            Assert.All(server.Keys, key => Assert.Equal("Bearer secret-1", key));
            Assert.Equal(4, server.Keys.Count);     // the counting asked nobody
        }
        finally
        {
            Environment.SetEnvironmentVariable(KeyVariable, null);
        }
    }

    [Fact]
    public async Task A_refused_key_ends_at_once_and_is_not_shown()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (401, "Incorrect API key provided: secret-2"));
        Environment.SetEnvironmentVariable(KeyVariable, "secret-2");
        try
        {
            var run = await Run.Verb(new AnnotateVerb(FakeStages.Create()), Words(folder, server.Address));

            Assert.Equal(ExitCode.Failure, run.Code);
            Assert.Contains("refuses the credential (401)", run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("secret-2", run.Error + run.Output, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(KeyVariable, null);
        }
    }

    [Fact]
    public async Task Without_a_key_openai_is_not_even_called()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new AnnotateVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"],
            "--set", "teacher.name=chat", "--set", "teacher.model=m", "--set", "teacher.key_variable=STEPDISTILL_NO_SUCH_KEY");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("The environment variable STEPDISTILL_NO_SUCH_KEY is not set", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ollama_is_asked_at_its_own_address_and_may_not_know_the_model()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (404, "model 'test' not found"));
        var address = server.Address.Replace("/v1", "", StringComparison.Ordinal);

        var run = await Run.Verb(
            new AnnotateVerb(FakeStages.Create()), [.. Words(folder, address), "--set", "teacher.provider=ollama"]);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("does not know the model or the address (404)", run.Error, StringComparison.Ordinal);
        Assert.All(server.Keys, Assert.Null);
    }

    private static string[] Words(TemporaryFolder folder, string address, params string[] more) =>
    [
        Birds.WriteTo(folder), "--runs", folder["runs"],
        "--set", "teacher.name=chat", "--set", "teacher.model=test", "--set", $"teacher.endpoint={address}",
        "--set", $"teacher.key_variable={KeyVariable}", .. more,
    ];
}
