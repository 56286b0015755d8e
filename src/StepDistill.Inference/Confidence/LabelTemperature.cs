namespace StepDistill.Inference.Confidence;

/// <summary>Probabilities of labels from their log-probabilities, made as sure as they are right.</summary>
/// <remarks>Temperature scaling: Guo et al. 2017, arXiv 1706.04599, section 4.2.</remarks>
public static class LabelTemperature
{
    private const double Lowest = 0.05;
    private const double Highest = 20;

    /// <summary>Probabilities that add up to 1.</summary>
    /// <param name="logProbabilities">[labels], at least one.</param>
    /// <param name="temperature">What they are divided by.</param>
    public static double[] Apply(ReadOnlySpan<double> logProbabilities, double temperature)
    {
        var result = new double[logProbabilities.Length];
        var largest = double.NegativeInfinity;
        foreach (var value in logProbabilities)
        {
            largest = Math.Max(largest, value);
        }

        var sum = 0.0;
        for (var i = 0; i < result.Length; i++)
        {
            sum += result[i] = Math.Exp((logProbabilities[i] - largest) / temperature);
        }

        for (var i = 0; i < result.Length; i++)
        {
            result[i] /= sum;
        }

        return result;
    }

    /// <summary>The temperature under which the right labels are likeliest.</summary>
    /// <param name="rows">Each row's log-probabilities and the place of its right label among them.</param>
    /// <returns>From 0.05 to 20; 1 where there are no rows.</returns>
    public static double Fit(IReadOnlyList<(double[] LogProbabilities, int Right)> rows)
    {
        if (rows.Count == 0)
        {
            return 1;
        }

        // The loss has one minimum in 1 / T (it is convex there): golden section finds it.
        var (low, high) = (1 / Highest, 1 / Lowest);
        var ratio = (Math.Sqrt(5) - 1) / 2;
        for (var i = 0; i < 60; i++)
        {
            var (left, right) = (high - (ratio * (high - low)), low + (ratio * (high - low)));
            (low, high) = Loss(left) < Loss(right) ? (low, right) : (left, high);
        }

        return 2 / (low + high);

        double Loss(double inverse) => rows.Average(row => -Math.Log(Math.Max(1e-300, Apply(row.LogProbabilities, 1 / inverse)[row.Right])));
    }
}
