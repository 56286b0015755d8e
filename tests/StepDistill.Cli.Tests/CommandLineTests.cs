using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests;

public sealed partial class CommandLineTests
{
    private static string Reference => Path.GetFullPath(Path.Combine(
        Path.GetDirectoryName(ThisFile())!, "..", "..", "docs", "cli.md"));

    [Fact]
    public async Task Without_words_it_shows_the_verbs()
    {
        var run = await Run.Words();

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Contains("doctor", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tasks", "--colour")]
    [InlineData("tasks", "a", "b")]
    [InlineData("teach")]
    [InlineData("init")]
    public async Task Words_that_make_no_sense_end_with_2(params string[] words)
    {
        var run = await Run.Words(words);

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Empty(run.Output);
        Assert.Contains("Try: stepdistill", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_wrong_words_are_an_object_too()
    {
        var run = await Run.Words("tasks", "--colour", "--json");

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Contains("--colour", run.Json["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(2, run.Json["exit_code"]!.GetValue<int>());
    }

    [Fact]
    public void Every_verb_shows_how_it_is_typed() => Assert.Empty(
        from verb in CommandLine.Create(RealStages.Create()).Subcommands.SelectMany(WithInner)
        from fault in verb.Examples.Count == 0
            ? [$"{verb.Name} has no example"]
            : verb.Examples
                .Where(example => CommandLine.Create(RealStages.Create()).Parse(example).Errors.Count > 0)
                .Select(example => $"the example '{example}' is not understood")
        select fault);

    [Fact]
    public void Commands_in_recipes_are_understood()
    {
        var folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "recipes"));
        var commands = (
            from path in Directory.EnumerateFiles(folder, "*.jsonc", SearchOption.AllDirectories)
            from line in File.ReadLines(path)
            where line.StartsWith("//   stepdistill ", StringComparison.Ordinal)
            let parts = line["//   stepdistill ".Length..].Split("   ", StringSplitOptions.RemoveEmptyEntries)     // what it does follows after blanks
            select string.Join(' ', parts.Take(1 + Array.FindIndex(parts, part => part.Contains("recipes/", StringComparison.Ordinal))))).ToList();

        Assert.True(commands.Count > 20);
        Assert.Empty(
            from command in commands
            from error in CommandLine.Create(RealStages.Create()).Parse(command).Errors
            select $"{command}: {error.Message}");
    }

    [Fact]
    public async Task The_reference_is_up_to_date()
    {
        var text = await ReferenceTextAsync();
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Reference)!);
            await File.WriteAllTextAsync(Reference, text, TestContext.Current.CancellationToken);
        }

        Assert.True(
            await File.ReadAllTextAsync(Reference, TestContext.Current.CancellationToken) == text,
            "docs/cli.md is out of date; run this test with UPDATE_SNAPSHOTS=1 and look at the difference.");
    }

    private static async Task<string> ReferenceTextAsync()
    {
        var text = new StringBuilder("""
            # The command line

            Made from the `--help` of every verb; a test keeps it so. In the repository, `stepdistill` is
            `dotnet run --project src/StepDistill.Cli -c Release --`.

            Exit codes: 0 done, 1 failed, 2 wrong usage or an unusable recipe, 3 a gate was not met, 130 stopped. With `--json`,
            standard output holds one JSON object and nothing else, also after a failure (`error`, `exit_code`).

            """);
        foreach (var verb in CommandLine.Create(RealStages.Create()).Subcommands)
        {
            await AddAsync(verb, verb.Name);
        }

        return text.ToString();

        async Task AddAsync(Command verb, string words)
        {
            var help = await Run.Words([.. words.Split(' '), "--help"]);
            Assert.Equal(ExitCode.Success, help.Code);
            var lines = help.Output.TrimEnd().Split('\n').Select(line => line.TrimEnd());
            text.Append($"\n## {words}\n\n```text\n{string.Join('\n', lines)}\n```\n");
            foreach (var inner in verb.Subcommands)
            {
                await AddAsync(inner, $"{words} {inner.Name}");
            }
        }
    }

    private static IEnumerable<Verb> WithInner(Command command) =>
        command.Subcommands.SelectMany(WithInner).Concat(command is Verb verb ? [verb] : []);

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
