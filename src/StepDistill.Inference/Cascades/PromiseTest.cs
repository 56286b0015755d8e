namespace StepDistill.Inference.Cascades;

/// <summary>How many rows must be right before a share of new rows can be promised.</summary>
/// <remarks>
/// <para>
/// One threshold. Of n rows k are right, and the long run's share p is not known. Promising p ≥ a when P(Binomial(n, a) ≥ k) ≤ δ
/// fails in at most δ of all draws of the rows: the exact binomial test.
/// </para>
/// <para>
/// Several thresholds in an order fixed beforehand, going on while k ≥ c (fixed-sequence testing: Angelopoulos et al. 2021,
/// "Learn then Test", arXiv 2110.01052). For any q, where the walk ends at a threshold with p ≤ q it has passed the first one
/// in the order with p ≤ q, so that P(p ≤ q) ≤ P(Binomial(n, q) ≥ c) whatever the thresholds have to do with one another.
/// </para>
/// <para>
/// A number of new rows. That holds for every q at once, so p is at least, in distribution, Q ~ Beta(c, n − c + 1), whose
/// distribution function the right side is. The new rows are independent of where the walk ended; the chance that fewer than
/// x of m are right falls with p, so it is at most that of a beta-binomial, Binomial(m, Q). Its tail is that of a
/// hypergeometric: P(Binomial(m, Q) &lt; x) = P(of c + x − 1 marked among n + m, at least c in a sample of n). With m growing
/// it becomes the binomial test again. So nothing is lost by walking, and nothing by checking on m rows but what m rows cost.
/// </para>
/// </remarks>
internal static class PromiseTest
{
    /// <summary>The fewest right rows with which the promise can be made; null where all of them would not do.</summary>
    /// <param name="rows">Rows that it is made from.</param>
    /// <param name="share">The share promised.</param>
    /// <param name="delta">How often it may fail.</param>
    /// <param name="futureRows">New rows that it will be checked on; null for the long run.</param>
    public static int? Needed(int rows, double share, double delta, int? futureRows)
    {
        if (rows == 0 || Chance(rows, rows, share, futureRows) > delta)
        {
            return null;
        }

        var (fails, holds) = (0, rows);
        while (holds - fails > 1)
        {
            var middle = fails + ((holds - fails) / 2);
            (fails, holds) = Chance(middle, rows, share, futureRows) <= delta ? (fails, middle) : (middle, holds);
        }

        return holds;
    }

    /// <summary>Whether so many right rows are enough, without looking for the fewest.</summary>
    public static bool IsEnough(int right, int rows, double share, double delta) =>
        rows > 0 && ExactTails.BinomialAtLeast(right, rows, share) <= delta;

    /// <summary>
    /// Parts the failures allowed between the rows at hand and the new ones, for tests whose number of rows is not known
    /// beforehand: the long run's share is shown to be at least <c>Share</c>, failing in <c>Delta</c>, and with that share so
    /// many new rows fall short in the rest. Chosen by the numbers of rows alone, never by what is in them.
    /// </summary>
    public static (double Share, double Delta) Parted(int rows, double share, double delta, int? futureRows)
    {
        if (futureRows is not { } future)
        {
            return (share, delta);
        }

        var needed = Whole(share, future);
        (double Share, double Delta) best = (1, 0);
        var fewest = int.MaxValue;
        for (var part = 0.05; part < 0.96; part += 0.05)
        {
            var longRun = ExactTails.Root(p => 1 - ExactTails.BinomialAtLeast(needed, future, p) <= delta * (1 - part));
            if (Needed(rows, longRun, delta * part, null) is { } right && right < fewest)
            {
                (best, fewest) = ((longRun, delta * part), right);
            }
        }

        return best;
    }

    private static double Chance(int right, int rows, double share, int? futureRows) =>
        futureRows is not { } future ? ExactTails.BinomialAtLeast(right, rows, share)
        : right == 0 ? 1
        : ExactTails.HypergeometricAtLeast(right, rows, right + Whole(share, future) - 1, rows + future);

    /// <summary>The fewest of so many rows that are at least the share; 0.1 × 30 is 3, whatever floating point says.</summary>
    private static int Whole(double share, int rows) => (int)Math.Ceiling((share * rows) - 1e-9);
}
