using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace StepDistill.Cli.Rendering;

/// <summary>Where a verb's words go: results to standard output, progress and messages to standard error.</summary>
/// <remarks>
/// With <c>--json</c> standard output holds one JSON object and nothing else, so <see cref="Say"/> is silent and
/// <see cref="Result"/> writes; without it, the other way round. Safe for use by several threads at once.
/// </remarks>
internal sealed class Terminal
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly IAnsiConsole? _live;

    /// <summary>Creates a terminal.</summary>
    /// <param name="output">For results.</param>
    /// <param name="error">For progress and messages.</param>
    /// <param name="json">Whether results are JSON.</param>
    /// <param name="live">Whether a person watches <paramref name="error"/>, so that lines may be drawn anew.</param>
    /// <param name="clock">Tells how much time is left.</param>
    public Terminal(TextWriter output, TextWriter error, bool json, bool live, TimeProvider clock)
    {
        _output = TextWriter.Synchronized(output);
        _error = TextWriter.Synchronized(error);
        IsJson = json;
        Clock = clock;
        _live = live
            ? AnsiConsole.Create(new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(error),
                Ansi = AnsiSupport.Yes,
                Interactive = InteractionSupport.Yes,
                ColorSystem = HasNoColor ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            })
            : null;
    }

    /// <summary>Whether the result is to be JSON.</summary>
    public bool IsJson { get; }

    /// <summary>The time.</summary>
    public TimeProvider Clock { get; }

    private static bool HasNoColor => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>The terminal of this process for a verb whose output has been bound to these writers.</summary>
    public static Terminal Create(TextWriter output, TextWriter error, bool json) => new(
        output,
        error,
        json,
        live: ReferenceEquals(error, Console.Error)
            && !Console.IsErrorRedirected
            && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null or ""),
        TimeProvider.System);

    /// <summary>Writes a line of the result for people; nothing with <c>--json</c>.</summary>
    public void Say(string line = "")
    {
        if (!IsJson)
        {
            _output.WriteLine(line);
        }
    }

    /// <summary>Writes a message that is not part of the result; a live bar stays below it.</summary>
    public void Note(string line)
    {
        if (_live is null)
        {
            _error.WriteLine(line);
        }
        else
        {
            _live.WriteLine(line);
        }
    }

    /// <summary>Writes the result as JSON; nothing without <c>--json</c>. A verb calls it once.</summary>
    public void Result(JsonObject result)
    {
        if (IsJson)
        {
            _output.WriteLine(result.ToJsonString(Indented));
        }
    }

    /// <summary>Says why a verb failed: the message on standard error and, with <c>--json</c>, as an object too.</summary>
    public void Fail(Failure failure)
    {
        Note(failure.Message);
        Result(new JsonObject { ["error"] = failure.Message, ["exit_code"] = failure.Code });
    }

    /// <summary>Does some work while showing how far it is: a live bar for people, a line now and then for files.</summary>
    /// <param name="title">What is being done, such as <c>Annotating</c>.</param>
    /// <param name="work">The work; it reports to the progress given.</param>
    public async Task<T> WithProgressAsync<T>(string title, Func<IProgress<Progress>, Task<T>> work)
    {
        if (_live is null)
        {
            return await work(new ProgressLines(title, Note, Clock)).ConfigureAwait(false);
        }

        return await _live.Progress()
            .AutoClear(false)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn())
            .StartAsync(context => work(new ProgressBar(title, context)))
            .ConfigureAwait(false);
    }
}
