using System.Globalization;
using System.Text;
using StepDistill.Inference.Confidence;

namespace StepDistill.Benchmarks.Inferring;

/// <summary>What was measured.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Student">The student's size.</param>
/// <param name="Questions">Questions of a round; their lengths are those of CommonsenseQA.</param>
/// <param name="Rounds">How often all ways answered, in turn.</param>
/// <param name="Ways">Each way to answer.</param>
/// <param name="Fresh">New processes.</param>
internal sealed record InferenceReport(
    string Machine, string Student, int Questions, int Rounds, IReadOnlyList<MeasuredWay> Ways, IReadOnlyList<FreshProcess> Fresh)
{
    public string Text()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Machine}; T5 v1.1-{Student}, one thread, {Questions} questions of CommonsenseQA's lengths, {Rounds} rounds");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"way",-52} {"ms an answer",12} {"p50",7} {"p95",7} {"p99",7} {"times plain",11}");
        foreach (var way in Ways)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{way.Name,-52} {way.Milliseconds,12:0.00} {way.Times?.P50,7:0.0} {way.Times?.P95,7:0.0} {way.Times?.P99,7:0.0} {way.Speedup,11:0.00}");
        }

        foreach (var fresh in Fresh)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"new process, {fresh.Precision}: first answer {fresh.FirstAnswer:0} ms after its start, {fresh.Resident / 1e6:0} MB resident for {fresh.Files / 1e6:0} MB of files ({fresh.Resident / (double)fresh.Files:0.00} times)");
        }

        return text.ToString();
    }
}

/// <summary>A way to answer.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Milliseconds">For an answer: the median over rounds.</param>
/// <param name="Times">Of single answers, over all rounds; null for batches.</param>
/// <param name="Speedup">How many times as fast as plain float32 generation of as many tokens, one at a time: the median of the rounds' ratios.</param>
internal sealed record MeasuredWay(string Name, double Milliseconds, AnswerTimes? Times, double Speedup);

/// <summary>A process that was started to answer.</summary>
/// <param name="Precision">In which numbers.</param>
/// <param name="FirstAnswer">Milliseconds from its start to its first answer: the median of several.</param>
/// <param name="Resident">Bytes it held after answering every question, one at a time.</param>
/// <param name="Files">Bytes of the files that it needs.</param>
internal sealed record FreshProcess(string Precision, double FirstAnswer, long Resident, long Files);
