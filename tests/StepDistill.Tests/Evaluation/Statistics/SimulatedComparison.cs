using MathNet.Numerics.Distributions;
using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

/// <summary>Whose property it is that a row is hard.</summary>
internal enum Difficulty
{
    /// <summary>All rows are alike.</summary>
    None,

    /// <summary>A row is hard for both arms.</summary>
    Shared,

    /// <summary>A row is hard for one arm, for all of its seeds, and may be easy for the other.</summary>
    Own,
}

/// <summary>
/// Two arms between which there is no difference: a student is right on a row with the probability
/// logistic(level + 2·difficulty of the row + seed's quality), difficulty and quality being normal.
/// </summary>
/// <param name="Seeds">Students of each arm.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Accuracy">About how many of them are answered right, as a share.</param>
/// <param name="Deviation">About how far seeds' accuracies are apart, as a share.</param>
/// <param name="Difficulty">Whose property it is that a row is hard.</param>
internal sealed record SimulatedComparison(int Seeds, int Rows, double Accuracy, double Deviation, Difficulty Difficulty)
{
    private const int Places = 200;

    private static readonly double[] Normals = [.. Enumerable.Range(0, Places).Select(i => Normal.InvCDF(0, 1, (i + 0.5) / Places))];

    private (double Level, double Quality)? _scale;

    private double Spread => Difficulty == Difficulty.None ? 0 : 2;

    /// <summary>Draws both arms anew: for each seed, whether each row is answered right.</summary>
    public (bool[][] One, bool[][] Other) Draw(ref SplitMix64 random)
    {
        var (level, quality) = _scale ??= (Level(), Quality());
        var hard = Odds(ref random, level);
        var one = Arm(ref random, hard, quality);
        return (one, Arm(ref random, Difficulty == Difficulty.Own ? Odds(ref random, level) : hard, quality));
    }

    /// <summary>The accuracy over all rows and students that there could be.</summary>
    public double Truth()
    {
        var (level, quality) = (Level(), Quality());
        return Normals.Average(row => Normals.Average(seed => Logistic(level + (Spread * row) + (quality * seed))));
    }

    public static double Uniform(ref SplitMix64 random) => (random.Next() >> 11) / (double)(1UL << 53);

    public static double Gauss(ref SplitMix64 random) =>
        Math.Sqrt(-2 * Math.Log(1 - Uniform(ref random))) * Math.Cos(2 * Math.PI * Uniform(ref random));

    private double[] Odds(ref SplitMix64 random, double level)
    {
        var odds = new double[Rows];
        for (var row = 0; row < Rows; row++)
        {
            odds[row] = Math.Exp(level + (Spread == 0 ? 0 : Spread * Gauss(ref random)));
        }

        return odds;
    }

    private bool[][] Arm(ref SplitMix64 random, double[] odds, double quality)
    {
        var arm = new bool[Seeds][];
        for (var seed = 0; seed < Seeds; seed++)
        {
            var factor = Math.Exp(quality * Gauss(ref random));
            arm[seed] = new bool[Rows];
            for (var row = 0; row < Rows; row++)
            {
                var here = odds[row] * factor;
                arm[seed][row] = Uniform(ref random) * (1 + here) < here;
            }
        }

        return arm;
    }

    /// <summary>The level at which seeds of middling quality have the accuracy, by bisection.</summary>
    private double Level()
    {
        double low = -20, high = 20;
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Normals.Average(row => Logistic(middle + (Spread * row))) < Accuracy ? (middle, high) : (low, middle);
        }

        return low;
    }

    /// <summary>The standard deviation of quality that gives about <see cref="Deviation"/>.</summary>
    private double Quality()
    {
        var level = Level();
        return Deviation / Normals.Average(row =>
        {
            var p = Logistic(level + (Spread * row));
            return p * (1 - p);
        });
    }

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));
}
