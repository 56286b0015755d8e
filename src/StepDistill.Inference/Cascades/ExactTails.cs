using MathNet.Numerics;

namespace StepDistill.Inference.Cascades;

/// <summary>Tails of discrete distributions, exact but for rounding: below 1e-7 of the tail for a million rows.</summary>
internal static class ExactTails
{
    /// <summary>The chance of at least so many successes.</summary>
    /// <param name="successes">How many.</param>
    /// <param name="trials">Of how many independent trials.</param>
    /// <param name="chance">Of each, from 0 to 1.</param>
    public static double BinomialAtLeast(int successes, int trials, double chance) =>
        successes <= 0 ? 1
        : successes > trials || chance <= 0 ? 0
        : chance >= 1 ? 1
        : SpecialFunctions.BetaRegularized(successes, trials - successes + 1, chance);

    /// <summary>The chance that a sample without replacement holds at least so many of the marked.</summary>
    /// <param name="count">How many.</param>
    /// <param name="sample">Size of the sample.</param>
    /// <param name="marked">How many are marked in all.</param>
    /// <param name="population">How many there are in all.</param>
    public static double HypergeometricAtLeast(int count, int sample, int marked, int population)
    {
        var (least, most) = (Math.Max(0, sample + marked - population), Math.Min(sample, marked));
        if (count <= least)
        {
            return 1;
        }

        if (count > most)
        {
            return 0;
        }

        // The shorter tail is summed, from its largest term outwards: terms fall at a growing rate, so few of them matter.
        var mean = (double)sample * marked / population;
        return count > mean
            ? Sum(count, +1)
            : 1 - Sum(count - 1, -1);

        double Sum(int from, int step)
        {
            var term = Math.Exp(Choose(marked, from) + Choose(population - marked, sample - from) - Choose(population, sample));
            var sum = term;
            for (var i = from; i + step >= least && i + step <= most && term > sum * 1e-17; i += step)
            {
                term *= step > 0
                    ? (double)(marked - i) * (sample - i) / ((i + 1.0) * (population - marked - sample + i + 1.0))
                    : i * (population - marked - sample + (double)i) / ((marked - i + 1.0) * (sample - i + 1.0));
                sum += term;
            }

            return Math.Min(1, sum);
        }
    }

    /// <summary>The interval for a share by Clopper and Pearson (1934): covers the true one at least as often as asked.</summary>
    /// <param name="successes">How many.</param>
    /// <param name="trials">Of how many.</param>
    /// <param name="miss">How often it may miss, both sides together.</param>
    public static (double Low, double High) Interval(int successes, int trials, double miss) => trials == 0 ? (0, 1) : (
        successes == 0 ? 0 : Root(p => BinomialAtLeast(successes, trials, p) >= miss / 2),
        successes == trials ? 1 : Root(p => 1 - BinomialAtLeast(successes + 1, trials, p) <= miss / 2));

    /// <summary>The least number in [0, 1] from which on something holds.</summary>
    public static double Root(Func<double, bool> holds)
    {
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = holds(middle) ? (low, middle) : (middle, high);
        }

        return high;
    }

    private static double Choose(int n, int k) =>
        SpecialFunctions.GammaLn(n + 1.0) - SpecialFunctions.GammaLn(k + 1.0) - SpecialFunctions.GammaLn(n - k + 1.0);
}
