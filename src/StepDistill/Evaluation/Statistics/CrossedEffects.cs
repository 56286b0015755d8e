namespace StepDistill.Evaluation.Statistics;

/// <summary>The mean of a table of rows × seeds, both drawn by chance, with its standard error.</summary>
/// <param name="Value">The mean.</param>
/// <param name="StandardError">How far it strays when rows and seeds are drawn again; with one seed, rows only.</param>
/// <param name="Degrees">The standard error's degrees of freedom, at least 1.</param>
/// <param name="BySeed">The mean of each seed.</param>
/// <remarks>
/// <para>
/// Two-way crossed random effects without replication (Searle, Casella and McCulloch 1992, <em>Variance components</em>, 4.7):
/// a row is easier or harder for all seeds, a seed is better or worse on all rows, and the rest is chance. Of n rows and k
/// seeds the mean has the variance (MS_rows + MS_seeds − MS_rest) / (n·k), with the mean squares of the analysis of variance.
/// </para>
/// <para>
/// Degrees of freedom: Satterthwaite's 1946 formula weighs each mean square by its share of the variance twice; with two to
/// four degrees for the seeds that is too bold where rows and seeds both matter. The shares are counted once here, which is
/// Student's t over seeds where only seeds matter, and the normal distribution where only rows do. The variance is never
/// taken for less than a quarter of the rows' own. Decision 0005 and <c>docs/experiments/intervals.md</c> have the grid on which
/// these two choices were made and checked.
/// </para>
/// <para>
/// So that rows that all agree do not seem certain, variance is counted as if one more answer stood at each end of what
/// is possible (Agresti and Coull 1998, Agresti and Min 2005, in kind); the mean is not moved.
/// </para>
/// </remarks>
internal sealed record CrossedEffects(double Value, double StandardError, double Degrees, IReadOnlyList<double> BySeed)
{
    private const double LeastOfRows = 0.25;

    /// <summary>Analyses a table.</summary>
    /// <param name="seeds">Seeds.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="value">The entry of a seed and a row.</param>
    /// <param name="range">From the lowest to the highest entry that is possible.</param>
    public static CrossedEffects Of(int seeds, int rows, Func<int, int, int> value, int range)
    {
        var rowSums = new int[rows];
        var bySeed = new double[seeds];
        long squares = 0;
        for (var seed = 0; seed < seeds; seed++)
        {
            long sum = 0;
            for (var row = 0; row < rows; row++)
            {
                var one = value(seed, row);
                rowSums[row] += one;
                sum += one;
                squares += one * one;
            }

            bySeed[seed] = (double)sum / rows;
        }

        var mean = bySeed.Average();
        var ofRows = rowSums.Sum(sum => Square(((double)sum / seeds) - mean)) * seeds;
        var ofSeeds = bySeed.Sum(one => Square(one - mean)) * rows;
        var ofRest = Math.Max(0, squares - (mean * mean * rows * seeds) - ofRows - ofSeeds);

        double rowDegrees = Math.Max(1, rows - 1), seedDegrees = Math.Max(1, seeds - 1);
        var (rowSquare, seedSquare) = ((ofRows + (Square(range) / 2)) / rowDegrees, ofSeeds / seedDegrees);
        var restSquare = ofRest / (rowDegrees * seedDegrees);

        var variance = Math.Max(rowSquare + seedSquare - restSquare, LeastOfRows * rowSquare);
        var perDegree = (rowSquare / rowDegrees) + (seedSquare / seedDegrees) + (restSquare / (rowDegrees * seedDegrees));
        return new(mean, Math.Sqrt(variance / rows / seeds), Math.Max(1, variance / perDegree), bySeed);
    }

    private static double Square(double x) => x * x;
}
