using System.Globalization;
using System.Text;

namespace StepDistill.Benchmarks;

/// <summary>Medians over rounds.</summary>
/// <param name="Name">Which variant.</param>
/// <param name="Seconds">Of a step.</param>
/// <param name="ExamplesPerSecond">Examples of both tasks.</param>
/// <param name="TokensPerSecond">Real tokens, sources and targets, no padding.</param>
/// <param name="TimesThePaper">How many times faster than the paper's arithmetic in the same round.</param>
/// <param name="ShareOfPeak">Operations that real tokens need, against the machine's product of square matrices in the same type.</param>
/// <param name="PeakGigabytes">Most memory of a process of its own; null where not measured.</param>
internal sealed record VariantResult(
    string Name, double Seconds, double ExamplesPerSecond, double TokensPerSecond, double TimesThePaper, double ShareOfPeak, double? PeakGigabytes);

internal sealed record Result(string Size, int Batch, double PeakGflopsFloat32, double PeakGflopsBFloat16, IReadOnlyList<VariantResult> Variants);

internal sealed record Report(string Machine, Agreement Agreement, IReadOnlyList<Result> Results)
{
    public string Text()
    {
        var text = new StringBuilder();
        text.AppendLine(Machine);
        text.AppendLine(Invariant($"losses of paper and float32 differ by {Agreement.PaperAndFloat32:E1}; after {Agreement.LongSteps} steps {Agreement.Float32AtTheEnd:F4} in float32, {Agreement.BFloat16AtTheEnd:F4} in bfloat16"));
        foreach (var result in Results)
        {
            text.AppendLine();
            text.AppendLine(Invariant($"t5-v1_1-{result.Size}, batch {result.Batch}; products of matrices: {result.PeakGflopsFloat32:F0} GFLOP/s in float32, {result.PeakGflopsBFloat16:F0} in bfloat16"));
            text.AppendLine("            s/step  examples/s   tokens/s  × paper  of peak  peak GB");
            foreach (var v in result.Variants)
            {
                text.AppendLine(Invariant($"{v.Name,-10} {v.Seconds,7:F3} {v.ExamplesPerSecond,11:F2} {v.TokensPerSecond,10:F0} {v.TimesThePaper,8:F2} {v.ShareOfPeak,8:P0} {v.PeakGigabytes,8:F2}"));
            }
        }

        return text.ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
