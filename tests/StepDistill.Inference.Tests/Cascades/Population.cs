using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

/// <summary>Where rows come from in tests: how sure the student is, and how often it and the large model are right at that confidence.</summary>
internal sealed record Population(Func<double, double> Confidence, Func<double, double> Student, Func<double, double> Large)
{
    /// <summary>A student that is as often right as it says, between a third and one, and a large model that is better where it is unsure.</summary>
    public static Population Calibrated { get; } = new(u => 1 - (u * u * 2 / 3), s => s, s => 0.75 + (0.15 * s));

    /// <summary>A large model that its student has left behind.</summary>
    public static Population StudentIsBetter { get; } = new(u => 1 - (u * u / 2), s => s, _ => 0.7);

    /// <summary>Any population: the shapes are drawn, calibrated or not, rising or not.</summary>
    public static Population Any(Random chance)
    {
        var (power, least) = ((chance.NextDouble() * 3) + 0.3, chance.NextDouble() * 0.8);
        var (student, large) = (Wave(chance), Wave(chance));
        return new(u => least + ((1 - least) * Math.Pow(u, power)), student, large);
    }

    public List<CascadeRow> Draw(int rows, Random chance)
    {
        var drawn = new List<CascadeRow>(rows);
        for (var i = 0; i < rows; i++)
        {
            var sure = Confidence(chance.NextDouble());
            drawn.Add(new(sure, chance.NextDouble() < Student(sure), chance.NextDouble() < Large(sure)));
        }

        return drawn;
    }

    /// <summary>The accuracy of all rows in the long run with a threshold, by sums over a fine grid.</summary>
    public double Accuracy(double threshold) => Mean(s => s >= threshold ? Student(s) : Large(s));

    /// <summary>The student's accuracy in the long run on what it answers.</summary>
    public double AccuracyAmong(double threshold) =>
        Mean(s => s >= threshold ? Student(s) : 0) / Mean(s => s >= threshold ? 1 : 0);

    private double Mean(Func<double, double> of)
    {
        var sum = 0.0;
        for (var i = 0; i < 2000; i++)
        {
            sum += of(Confidence((i + 0.5) / 2000));
        }

        return sum / 2000;
    }

    private static Func<double, double> Wave(Random chance)
    {
        var (middle, slope, height, turns, phase) = (
            0.6 + (0.35 * chance.NextDouble()), chance.NextDouble() - 0.3, chance.NextDouble() * 0.2, 1 + (chance.NextDouble() * 20), chance.NextDouble() * 7);
        return s => Math.Clamp(middle + (slope * (s - 0.7)) + (height * Math.Sin((turns * s) + phase)), 0, 1);
    }
}
