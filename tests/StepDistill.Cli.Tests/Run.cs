using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests;

/// <summary>What a command did: its exit code and what it wrote.</summary>
internal sealed record Run(int Code, string Output, string Error)
{
    /// <summary>Standard output as JSON: fails where it is anything but one object.</summary>
    public JsonObject Json => (JsonObject)JsonNode.Parse(Output)!;

    /// <summary>Runs the whole command line, as the program does.</summary>
    public static Task<Run> Words(params string[] words) =>
        Words(RealStages.Create(), TestContext.Current.CancellationToken, words);

    /// <summary>Runs the whole command line over other stages, and so that it can be stopped.</summary>
    public static async Task<Run> Words(StageSet stages, CancellationToken stop, params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = await CommandLine.RunAsync(words, stages, output, error, stop);
        return new(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs one verb, such as one over fake stages.</summary>
    public static Task<Run> Verb(Verb verb, params string[] words) => Verb(verb, TestContext.Current.CancellationToken, words);

    /// <summary>Runs one verb that can be stopped.</summary>
    public static async Task<Run> Verb(Verb verb, CancellationToken stop, params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var parsed = verb.Parse(words);
        Assert.Empty(parsed.Errors);
        var code = await parsed.InvokeAsync(
            new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false }, stop);
        return new(code, output.ToString(), error.ToString());
    }
}
