using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli;

/// <summary>The whole command line: words in, exit code out.</summary>
internal static class CommandLine
{
    /// <summary>Every verb, in the order in which the help lists them.</summary>
    /// <param name="stages">What the verbs stand on.</param>
    public static RootCommand Create(StageSet stages)
    {
        var root = new RootCommand("Distils a large language model's answers and reasons into a small student of your own.")
        {
            new QuickstartVerb(stages),
            new InitVerb(),
            new DoctorVerb(stages.Machine),
            new TasksVerb(),
            new EstimateVerb(stages),
            new AnnotateVerb(stages),
            new AnnotationsVerb(stages),
            new PilotVerb(stages),
            new WavesVerb(stages),
            new TrainVerb(stages),
            new EvaluateVerb(stages),
            new CompareVerb(stages),
            new ExportVerb(stages),
            new VerifyVerb(stages),
            new PredictVerb(stages),
            new CascadeVerb(stages),
            new PushVerb(stages),
            new PullVerb(stages),
            new ServeVerb(stages),
            new RunVerb(stages),
            new RunsVerb(),
        };
        root.HelpName = "stepdistill";
        var help = root.Options.OfType<HelpOption>().Single();
        var action = (HelpAction)help.Action!;
        action.MaxWidth = 100;      // the same text on every terminal
        help.Action = new HelpWithExamples(action);
        root.SetAction(words =>
        {
            action.Invoke(words);       // no verb at all
            return ExitCode.WrongUsage;
        });
        return root;
    }

    /// <summary>Reads the words, does what they say, and tells how it went.</summary>
    /// <param name="words">The words after <c>stepdistill</c>.</param>
    /// <param name="stages">What the verbs stand on.</param>
    /// <param name="output">For results.</param>
    /// <param name="error">For progress and messages.</param>
    /// <param name="cancellation">The user wants to stop.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> words, StageSet stages, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        // A text to predict may begin with '@', so words never name files of words.
        var parsed = Create(stages).Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
        string[] faults = [.. parsed.Errors.Select(fault => fault.Message).Distinct(), .. MistypedOptions(parsed)];
        if (faults.Length > 0 && parsed.Action is not HelpWithExamples)
        {
            var terminal = Terminal.Create(output, error, json: words.Contains("--json"));
            var verb = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            terminal.Fail(new Failure(
                string.Join(Environment.NewLine, [.. faults, $"Try: stepdistill{verb} --help"]),
                ExitCode.WrongUsage));
            return ExitCode.WrongUsage;
        }

        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,       // stages need longer than two seconds to save what they have
        };
        return await parsed.InvokeAsync(configuration, cancellation);
    }

    /// <summary>A misspelt option would otherwise be taken for a recipe or a text. After a lone <c>--</c> everything is text.</summary>
    private static IEnumerable<string> MistypedOptions(ParseResult parsed) =>
        from token in parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
        where token.Type == TokenType.Argument && token.Value is ['-', '-', >= 'a' and <= 'z', ..]
        select $"'{token.Value}' is no option here. (If it is meant as a text, put -- before it.)";
}
