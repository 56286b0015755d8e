using System.Numerics.Tensors;

namespace StepDistill.Inference.Confidence;

/// <summary>How unusual an input is, by how far its encoded tokens' mean lies from that of the task's inputs.</summary>
/// <param name="Mean">[D] the mean over one half of the validation rows.</param>
/// <param name="Scale">[D] one over the standard deviation of those rows.</param>
/// <param name="Distances">Distances of the other half, smallest first.</param>
/// <remarks>
/// A distance's place among those of rows that were not used for the mean is a conformal p-value (Vovk, Gammerman and Shafer
/// 2005; for outliers Bates et al. 2023, arXiv 2104.08279): of inputs that come from where the validation rows came from, at
/// most one in a hundred is below 0.01, whatever the network.
/// </remarks>
public sealed record Familiarity(float[] Mean, float[] Scale, float[] Distances)
{
    /// <summary>Rows below which nothing can be said: the smallest value would be above 0.05.</summary>
    public const int FewestRows = 40;

    // More places than this tell nothing that anybody would act on.
    private const int MostDistances = 1000;

    /// <summary>Fits on encoded rows; null where they are too few.</summary>
    /// <param name="rows">[D] each, see <see cref="Pool"/>, in an order that says nothing about them.</param>
    public static Familiarity? Fit(IReadOnlyList<float[]> rows)
    {
        if (rows.Count < FewestRows)
        {
            return null;
        }

        var half = rows.Count / 2;
        var mean = new float[rows[0].Length];
        var square = new float[mean.Length];
        foreach (var row in rows.Take(half))
        {
            TensorPrimitives.Add(mean, row, mean);
            TensorPrimitives.MultiplyAdd(row, row, square, square);
        }

        TensorPrimitives.Divide(mean, half, mean);
        var scale = new float[mean.Length];
        for (var i = 0; i < scale.Length; i++)
        {
            var variance = (square[i] / half) - (mean[i] * mean[i]);
            scale[i] = variance > 1e-12f ? 1 / MathF.Sqrt(variance) : 0;
        }

        var fitted = new Familiarity(mean, scale, []);
        var distances = rows.Skip(half).Select(row => fitted.DistanceOf(row)).Order().ToArray();
        return fitted with
        {
            Distances = distances.Length <= MostDistances
                ? distances
                : [.. Enumerable.Range(0, MostDistances).Select(i => distances[(int)((long)i * (distances.Length - 1) / (MostDistances - 1))])],
        };
    }

    /// <summary>The mean of an input's encoded tokens. [K, D] → [D]</summary>
    /// <param name="states">At least <paramref name="length"/> · D numbers; what follows is padding.</param>
    /// <param name="length">K: tokens of the input.</param>
    /// <param name="width">D</param>
    public static float[] Pool(ReadOnlySpan<float> states, int length, int width)
    {
        var mean = new float[width];
        for (var token = 0; token < length; token++)
        {
            TensorPrimitives.Add(mean, states.Slice(token * width, width), mean);
        }

        TensorPrimitives.Divide(mean, length, mean);
        return mean;
    }

    /// <summary>The share of rows at least as far as this input, itself counted: from 1 / (rows + 1) to 1.</summary>
    /// <param name="pooled">[D]</param>
    public double Of(ReadOnlySpan<float> pooled)
    {
        var distance = DistanceOf(pooled);
        var (low, high) = (0, Distances.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Distances[middle] < distance ? (middle + 1, high) : (low, middle);
        }

        return (Distances.Length - low + 1.0) / (Distances.Length + 1);
    }

    private float DistanceOf(ReadOnlySpan<float> pooled)
    {
        var sum = 0f;
        for (var i = 0; i < Mean.Length; i++)
        {
            var distance = (pooled[i] - Mean[i]) * Scale[i];
            sum += distance * distance;
        }

        return sum;
    }
}
