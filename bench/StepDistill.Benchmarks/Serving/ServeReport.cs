using System.Globalization;
using System.Text;

namespace StepDistill.Benchmarks.Serving;

/// <summary>What some connections saw.</summary>
/// <param name="Connections">How many.</param>
/// <param name="Seconds">How long.</param>
/// <param name="AnswersPerSecond">Answers of status 200.</param>
/// <param name="P50">Milliseconds of an answer of status 200: half took less.</param>
/// <param name="P95">Of 100, 95 took less.</param>
/// <param name="P99">Of 100, 99 took less.</param>
/// <param name="Longest">The longest.</param>
/// <param name="Statuses">Answers by status.</param>
/// <param name="Faults">What broke connections, the first few kinds.</param>
/// <param name="FaultCount">Connections that broke.</param>
/// <param name="ProcessorMillisecondsPerAnswer">Of the server, on all processors together: what other programs on the machine change least.</param>
/// <param name="QuestionsPerBatch">Of the server since its start.</param>
internal sealed record LoadResult(
    int Connections, double Seconds, double AnswersPerSecond, double P50, double P95, double P99, double Longest,
    IReadOnlyDictionary<int, long> Statuses, IReadOnlyList<string> Faults, int FaultCount, double ProcessorMillisecondsPerAnswer = 0,
    double QuestionsPerBatch = 0);

/// <summary>Full batches, one after the other, without a server.</summary>
/// <param name="QuestionsPerSecond">Questions a second.</param>
/// <param name="ProcessorMillisecondsPerQuestion">On all processors together.</param>
internal sealed record InProcessResult(double QuestionsPerSecond, double ProcessorMillisecondsPerQuestion);

/// <summary>The server's memory at a time.</summary>
/// <param name="Seconds">Since the first request.</param>
/// <param name="Megabytes">Resident.</param>
internal sealed record MemoryAt(double Seconds, double Megabytes);

/// <summary>What was measured.</summary>
/// <param name="Student">Who answered.</param>
/// <param name="InProcess">Full batches without a server, before and after.</param>
/// <param name="Load">Below capacity.</param>
/// <param name="Above">Above it.</param>
/// <param name="Memory">The server's memory while it was below.</param>
internal sealed record ServeReport(string Student, IReadOnlyList<InProcessResult> InProcess, LoadResult Load, LoadResult Above, IReadOnlyList<MemoryAt> Memory)
{
    /// <summary>The server's throughput as a share of that without one.</summary>
    public double ShareOfInProcess => Load.AnswersPerSecond / InProcess.Average(one => one.QuestionsPerSecond);

    /// <summary>Megabytes that the last quarter of the time lies above the second.</summary>
    public double MemoryGrowth
    {
        get
        {
            var quarter = Memory.Count / 4;
            return quarter == 0 ? 0 : Memory.TakeLast(quarter).Average(at => at.Megabytes) - Memory.Skip(quarter).Take(quarter).Average(at => at.Megabytes);
        }
    }

    /// <summary>What went wrong, as opposed to slowly.</summary>
    public IEnumerable<string> Errors() =>
    [
        .. Load.Statuses.Where(pair => pair.Key is not (200 or 429)).Select(pair => $"{pair.Value} answers of status {pair.Key} below capacity."),
        .. Above.Statuses.Where(pair => pair.Key is not (200 or 429)).Select(pair => $"{pair.Value} answers of status {pair.Key} above capacity."),
        .. Load.Faults.Concat(Above.Faults),
    ];

    public string Text()
    {
        var text = new StringBuilder();
        text.AppendLine(Student);
        text.AppendLine("connections   answers/s  processor ms  a batch      p50      p95      p99   longest  statuses");
        foreach (var one in InProcess)
        {
            text.AppendLine(Invariant($" in process {one.QuestionsPerSecond,11:F0} {one.ProcessorMillisecondsPerQuestion,13:F3}"));
        }

        foreach (var one in new[] { Load, Above })
        {
            text.AppendLine(Invariant(
                $"{one.Connections,11:N0} {one.AnswersPerSecond,11:F0} {one.ProcessorMillisecondsPerAnswer,13:F3} {one.QuestionsPerBatch,8:F1} {one.P50,8:F1} {one.P95,8:F1} {one.P99,8:F1} {one.Longest,9:F1}  {string.Join(", ", one.Statuses.Select(pair => $"{pair.Key}: {pair.Value}"))}"));
        }

        text.AppendLine(Invariant($"{ShareOfInProcess:P1} of the throughput in process"));
        text.Append(Invariant($"Memory {Memory[0].Megabytes:F0} MB at first, {Memory[^1].Megabytes:F0} MB at last; growth from the second quarter to the last {MemoryGrowth:F1} MB"));
        return text.ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
