namespace StepDistill.Inference.Confidence;

/// <summary>How usual an input is for the task, by how often its tokens stand in the task's inputs.</summary>
/// <param name="Tokens">Ids that stood in one half of the validation rows, smallest first.</param>
/// <param name="Surprises">Each one's surprise, in nats: minus the logarithm of its share.</param>
/// <param name="Unseen">The surprise of an id that stood in none.</param>
/// <param name="Known">Mean surprises of the other half's inputs, smallest first.</param>
/// <remarks>
/// A mean surprise's place among those of rows that were not counted is a conformal p-value (Vovk, Gammerman and Shafer 2005; for
/// outliers Bates et al. 2023, arXiv 2104.08279): of inputs that come from where the validation rows came from, at most one in a
/// hundred is below 0.01, whatever the student. The encoder's states were tried first and told nothing: the mean of many tokens is
/// always near the mean of all, so that long inputs of another task looked more usual than the task's own.
/// </remarks>
public sealed record Familiarity(int[] Tokens, float[] Surprises, float Unseen, float[] Known)
{
    /// <summary>Rows below which nothing can be said: the smallest value would be above 0.05.</summary>
    public const int FewestRows = 40;

    // More places than this tell nothing that anybody would act on.
    private const int MostKnown = 1000;

    /// <summary>Fits on encoded rows; null where they are too few.</summary>
    /// <param name="rows">Each input's ids, in an order that says nothing about them.</param>
    public static Familiarity? Fit(IReadOnlyList<int[]> rows)
    {
        if (rows.Count < FewestRows)
        {
            return null;
        }

        var half = rows.Count / 2;
        var counts = new SortedDictionary<int, int>();
        foreach (var id in rows.Take(half).SelectMany(row => row))
        {
            counts[id] = counts.GetValueOrDefault(id) + 1;
        }

        // One more of each id that was seen, and one for all that were not (Laplace).
        var total = Math.Log(counts.Values.Sum() + counts.Count + 1.0);
        var fitted = new Familiarity([.. counts.Keys], [.. counts.Values.Select(count => (float)(total - Math.Log(count + 1)))], (float)total, []);
        var known = rows.Skip(half).Select(row => fitted.SurpriseOf(row)).Order().ToArray();
        return fitted with
        {
            Known = known.Length <= MostKnown
                ? known
                : [.. Enumerable.Range(0, MostKnown).Select(i => known[(int)((long)i * (known.Length - 1) / (MostKnown - 1))])],
        };
    }

    /// <summary>The share of rows that surprise at least as much as this input, itself counted: from 1 / (rows + 1) to 1.</summary>
    /// <param name="ids">The input as the student reads it, at least one id.</param>
    public double Of(ReadOnlySpan<int> ids)
    {
        var surprise = SurpriseOf(ids);
        var (low, high) = (0, Known.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Known[middle] < surprise ? (middle + 1, high) : (low, middle);
        }

        return (Known.Length - low + 1.0) / (Known.Length + 1);
    }

    private float SurpriseOf(ReadOnlySpan<int> ids)
    {
        var sum = 0.0;
        foreach (var id in ids)
        {
            sum += Array.BinarySearch(Tokens, id) is >= 0 and var place ? Surprises[place] : Unseen;
        }

        return (float)(sum / ids.Length);
    }
}
