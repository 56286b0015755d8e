using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli;

/// <summary>The help of a verb, followed by commands as people would type them.</summary>
/// <param name="help">Writes the help itself.</param>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb { Examples: { Count: > 0 } examples })
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in examples)
            {
                output.WriteLine($"  stepdistill {example}");
            }
        }

        return code;
    }
}
