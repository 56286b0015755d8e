using MathNet.Numerics.Distributions;

namespace StepDistill.Evaluation.Statistics;

/// <summary>McNemar's test: whether two arms, each with these very students, are right equally often on rows of this kind.</summary>
/// <param name="OnlyOne">Answers that only the one arm has right, over all seeds.</param>
/// <param name="OnlyOther">Answers that only the other arm has right.</param>
/// <param name="PValue">How often chance in the rows alone would show such an imbalance, either way.</param>
/// <remarks>
/// <para>
/// One seed: the mid-p test, twice the binomial tail less the probability of what was seen. Fagerland, Lydersen and Laake 2013,
/// doi 10.1186/1471-2288-13-91, recommend it: the exact test rejects far less often than its level says, the mid-p test hardly
/// ever more often.
/// </para>
/// <para>
/// Several seeds answer the same rows, so their answers are no independent pairs. A row is a cluster: Durkalski et al. 2003, doi
/// 10.1002/sim.1438. With d the row's imbalance over seeds, (Σd)²/Σd² has the χ² distribution with one degree of freedom. With
/// one seed this would be McNemar's own 1947 test.
/// </para>
/// <para>
/// It knows nothing of other seeds: two arms that differ only by their seeds' luck may well differ significantly here. What
/// holds for other students as well is <see cref="Estimate.PValue"/>.
/// </para>
/// </remarks>
public sealed record McNemar(long OnlyOne, long OnlyOther, double PValue)
{
    /// <summary>Tests.</summary>
    /// <param name="one">For each seed, whether each row was answered right; rows in the same order.</param>
    /// <param name="other">The same for the other arm: the same seeds, the same rows.</param>
    /// <exception cref="ArgumentException">There is no seed or no row, or the arms have other seeds or rows.</exception>
    public static McNemar Test(IReadOnlyList<IReadOnlyList<bool>> one, IReadOnlyList<IReadOnlyList<bool>> other)
    {
        PairedBootstrap.RequirePairs(one, other);
        long onlyOne = 0, onlyOther = 0, squares = 0;
        for (var row = 0; row < one[0].Count; row++)
        {
            var imbalance = 0;
            for (var seed = 0; seed < one.Count; seed++)
            {
                var (here, there) = (one[seed][row], other[seed][row]);
                onlyOne += here && !there ? 1 : 0;
                onlyOther += there && !here ? 1 : 0;
                imbalance += (here ? 1 : 0) - (there ? 1 : 0);
            }

            squares += imbalance * imbalance;
        }

        return new(onlyOne, onlyOther, one.Count == 1 ? MidP(onlyOne, onlyOther) : Clustered(onlyOne - onlyOther, squares));
    }

    private static double MidP(long one, long other)
    {
        if (one == other)
        {
            return 1;
        }

        var (fewer, all) = ((int)Math.Min(one, other), (int)(one + other));
        return (2 * Binomial.CDF(0.5, all, fewer)) - Binomial.PMF(0.5, all, fewer);
    }

    private static double Clustered(long difference, long squares) =>
        squares == 0 ? 1 : 2 * Normal.CDF(0, 1, -Math.Abs(difference) / Math.Sqrt(squares));
}
