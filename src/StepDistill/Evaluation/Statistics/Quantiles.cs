namespace StepDistill.Evaluation.Statistics;

/// <summary>Quantiles of the normal and of Student's t distribution, as intervals need them.</summary>
internal static class Quantiles
{
    /// <summary>The standard normal quantile.</summary>
    /// <param name="probability">In (0, 1).</param>
    public static double Normal(double probability) => Invert(NormalBelow, probability);

    /// <summary>Student's t quantile.</summary>
    /// <param name="probability">In (0, 1).</param>
    /// <param name="degrees">Degrees of freedom, at least 1.</param>
    public static double StudentT(double probability, int degrees) =>
        Invert(t => StudentTBelow(t, degrees), probability);

    // Marsaglia 2004, "Evaluating the normal distribution": φ(x)·(x + x³/3 + x⁵/(3·5) + …) is the area from 0 to x.
    private static double NormalBelow(double x)
    {
        if (Math.Abs(x) > 8)
        {
            return x < 0 ? 0 : 1;
        }

        double sum = 0, term = x;
        for (var n = 3; sum + term != sum; n += 2)
        {
            sum += term;
            term *= x * x / n;
        }

        return 0.5 + sum * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);
    }

    // Abramowitz and Stegun 1964, 26.7.3 and 26.7.4: a finite sum for whole degrees of freedom.
    private static double StudentTBelow(double t, int degrees)
    {
        var angle = Math.Atan(t / Math.Sqrt(degrees));
        var cos2 = Math.Cos(angle) * Math.Cos(angle);
        double sum = 0, term = degrees % 2 == 0 ? 1 : Math.Cos(angle);
        for (var n = degrees % 2 == 0 ? 2 : 3; n <= degrees; n += 2)
        {
            sum += term;
            term *= cos2 * (n - 1) / n;
        }

        var between = degrees % 2 == 0      // probability of (-t, t), with t's sign
            ? Math.Sin(angle) * sum
            : 2 / Math.PI * (angle + Math.Sin(angle) * sum);
        return 0.5 + between / 2;
    }

    private static double Invert(Func<double, double> below, double probability)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(probability, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(probability, 1);
        double low = -1, high = 1;
        while (below(low) > probability)
        {
            low *= 2;
        }

        while (below(high) < probability)
        {
            high *= 2;
        }

        for (var i = 0; i < 200 && low < high; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = below(middle) < probability ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }
}
