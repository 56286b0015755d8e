using System.Globalization;
using System.Text;

namespace StepDistill.Benchmarks.Annotating;

/// <summary>Asking a server with a fixed latency.</summary>
/// <param name="InFlight">Questions under way at once.</param>
/// <param name="Rows">Questions in all.</param>
/// <param name="Stored">Answers on the disk afterwards.</param>
/// <param name="Seconds">From the first question to the last answer on the disk.</param>
/// <param name="IdealSeconds">What latency and questions under way allow at best.</param>
/// <param name="ProcessorMillisecondsPerRow">Of this process, on all cores together; the server is another process.</param>
internal sealed record AskingResult(int InFlight, int Rows, long Stored, double Seconds, double IdealSeconds, double ProcessorMillisecondsPerRow)
{
    /// <summary>The throughput as a share of the best that there can be.</summary>
    public double ShareOfIdeal => IdealSeconds / Seconds;
}

/// <summary>Reading recorded answers, in a process of its own.</summary>
/// <param name="Rows">Rows of the file.</param>
/// <param name="Stored">Answers on the disk afterwards.</param>
/// <param name="Seconds">Of the whole command.</param>
/// <param name="PeakMegabytes">Most memory that it held.</param>
internal sealed record ReadingResult(long Rows, long Stored, double Seconds, double PeakMegabytes);

internal sealed record AnnotateReport(double LatencySeconds, IReadOnlyList<AskingResult> Asking, ReadingResult? Reading)
{
    /// <summary>What went wrong, as opposed to slowly.</summary>
    public IEnumerable<string> Faults() =>
    [
        .. Asking.Where(one => one.Stored != one.Rows).Select(one => $"Of {one.Rows} answers {one.Stored} were stored."),
        .. Reading is { } reading && reading.Stored != reading.Rows ? new[] { $"Of {reading.Rows} recorded answers {reading.Stored} were stored." } : [],
    ];

    public string Text()
    {
        var text = new StringBuilder();
        text.AppendLine(Invariant($"A server that answers after {LatencySeconds:0.###} s"));
        text.Append("under way     rows        s   at best  of best  processor ms a row");
        foreach (var one in Asking)
        {
            text.AppendLine();
            text.Append(Invariant($"{one.InFlight,9:N0} {one.Rows,8:N0} {one.Seconds,8:F2} {one.IdealSeconds,9:F2} {one.ShareOfIdeal,8:P1} {one.ProcessorMillisecondsPerRow,19:F3}"));
        }

        if (Reading is { } reading)
        {
            text.AppendLine().AppendLine();
            text.Append(Invariant($"{reading.Stored:N0} recorded answers read and stored in {reading.Seconds:F1} s, with {reading.PeakMegabytes:F0} MB at most"));
        }

        return text.ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
