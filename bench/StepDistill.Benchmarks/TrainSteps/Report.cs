using System.Globalization;
using System.Text;

namespace StepDistill.Benchmarks.TrainSteps;

/// <summary>Medians over rounds; null where the machine's memory does not hold the variant beside the others.</summary>
/// <param name="Name">Which variant.</param>
/// <param name="Seconds">Of a step.</param>
/// <param name="ExamplesPerSecond">Examples of both tasks.</param>
/// <param name="TokensPerSecond">Real tokens, sources and targets, no padding.</param>
/// <param name="TimesThePaper">How many times faster than the paper's arithmetic in the same round.</param>
/// <param name="ShareOfPeak">Operations that real tokens need, against the machine's product of square matrices in the same type.</param>
/// <param name="PeakGigabytes">Most memory of a process of its own; null where not measured, or more than the machine has.</param>
internal sealed record VariantResult(
    string Name, double? Seconds, double? ExamplesPerSecond, double? TokensPerSecond, double? TimesThePaper, double? ShareOfPeak, double? PeakGigabytes);

internal sealed record Result(string Size, int Batch, double PeakGflopsFloat32, double PeakGflopsBfloat16, IReadOnlyList<VariantResult> Variants)
{
    public string Text()
    {
        var text = new StringBuilder();
        text.AppendLine(Report.Invariant($"t5-v1_1-{Size}, batch {Batch}; products of matrices: {PeakGflopsFloat32:F0} GFLOP/s in float32, {PeakGflopsBfloat16:F0} in bfloat16"));
        text.Append("            s/step  examples/s   tokens/s  × paper  of peak  peak GB");
        foreach (var v in Variants)
        {
            text.AppendLine();
            text.Append(Report.Invariant($"{v.Name,-10} {v.Seconds,7:F3} {v.ExamplesPerSecond,11:F2} {v.TokensPerSecond,10:F0} {v.TimesThePaper,8:F2} {v.ShareOfPeak,8:P0} {v.PeakGigabytes,8:F2}"));
        }

        return text.ToString();
    }
}

internal sealed record Report(string Machine, Agreement Agreement, IReadOnlyList<Result> Results)
{
    public string Text() => string.Join(
        Environment.NewLine,
        [
            Machine,
            Invariant($"losses of paper and float32 differ by {Agreement.PaperAndFloat32:E1}; after {Agreement.LongSteps} steps {Agreement.Float32AtTheEnd:F4} in float32, {Agreement.Bfloat16AtTheEnd:F4} in bfloat16"),
            .. Results.Select(result => Environment.NewLine + result.Text()),
        ]);

    internal static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
