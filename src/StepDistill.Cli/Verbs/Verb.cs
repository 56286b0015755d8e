using System.CommandLine;
using StepDistill.Cli.Rendering;

namespace StepDistill.Cli.Verbs;

/// <summary>A word after <c>stepdistill</c>: reads words, calls one stage, reports, and turns outcomes into exit codes.</summary>
internal abstract class Verb : Command
{
    private readonly Option<bool> _json = new("--json")
    {
        Description = "Writes the result as one JSON object to standard output, and everything else to standard error.",
    };

    /// <summary>Creates the verb.</summary>
    /// <param name="name">The word.</param>
    /// <param name="description">What it does, in one or two sentences.</param>
    /// <param name="examples">Whole commands as people would type them, without the word <c>stepdistill</c>.</param>
    protected Verb(string name, string description, params string[] examples)
        : base(name, description)
    {
        Examples = examples;
        Options.Add(_json);
        SetAction(InvokeAsync);
    }

    /// <summary>Whole commands as people would type them, without the word <c>stepdistill</c>.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>Does the work.</summary>
    /// <param name="words">What was typed.</param>
    /// <param name="terminal">Where results and messages go.</param>
    /// <param name="cancellation">The user wants to stop.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    protected abstract Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation);

    private async Task<int> InvokeAsync(ParseResult words, CancellationToken cancellation)
    {
        var (output, error) = (words.InvocationConfiguration.Output, words.InvocationConfiguration.Error);
        var terminal = Terminal.Create(output, error, words.GetValue(_json));
        try
        {
            // A stage may work long before it first waits; the thread that hears Ctrl-C must not be its own.
            return await Task.Run(() => RunAsync(words, terminal, cancellation), CancellationToken.None);
        }
        catch (Exception e)
        {
            var failure = Failure.Of(e, cancellation.IsCancellationRequested);
            terminal.Fail(failure);
            return failure.Code;
        }
    }
}
