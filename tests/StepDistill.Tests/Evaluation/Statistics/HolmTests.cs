using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class HolmTests
{
    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02.
    [Fact]
    public void It_corrects_as_R_does()
    {
        double[] expected = [0.03, 0.06, 0.06, 0.02];
        Assert.All(Holm.Adjust([0.01, 0.04, 0.03, 0.005]).Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-12));
    }

    [Fact]
    public void Nothing_is_above_1_and_none_is_none()
    {
        Assert.Equal([1, 1], Holm.Adjust([0.9, 0.6]));
        Assert.Equal([0.04], Holm.Adjust([0.04]));
        Assert.Empty(Holm.Adjust([]));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void What_is_no_probability_is_refused(double pValue) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Holm.Adjust([0.5, pValue]));

    /// <summary>Of 2,000 reports with six comparisons without a difference, 5 of 100 at most show one, though one arm is in all.</summary>
    [Fact]
    public void Six_comparisons_without_a_difference_show_one_in_5_of_100_reports()
    {
        var random = new SplitMix64(9);
        var wrong = 0;
        for (var report = 0; report < 2_000; report++)
        {
            var common = SimulatedComparison.Gauss(ref random);
            var pValues = new double[6];
            for (var i = 0; i < 6; i++)
            {
                pValues[i] = new Estimate((SimulatedComparison.Gauss(ref random) - common) / Math.Sqrt(2), 1, 1e6, default, [0]).PValue;
            }

            wrong += Holm.Adjust(pValues).Any(pValue => pValue < 0.05) ? 1 : 0;
        }

        // At most 0.05, and not far below for comparisons with half their variance in common; 3·√(0.05·0.95/2000) is 0.0146.
        Assert.InRange(wrong / 2_000.0, 0.025, 0.05 + 0.0146);
    }
}
