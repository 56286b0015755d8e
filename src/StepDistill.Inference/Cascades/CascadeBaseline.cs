namespace StepDistill.Inference.Cascades;

/// <summary>How calls looked on the rows that a cascade was set on: what later calls are compared with.</summary>
/// <remarks>Counts and shares only; no input and no label's text but those of a closed set.</remarks>
public sealed record CascadeBaseline
{
    /// <summary>An input that fewer than this share of the calibration's rows resemble as little is called unusual.</summary>
    public const double Unusual = 0.05;

    /// <summary>Labels that are told apart; a task with more of them has no mix to speak of.</summary>
    private const int MostLabels = 100;

    private const int Edges = 100;

    /// <summary>Rows that it was made from.</summary>
    public required int Rows { get; init; }

    /// <summary>How often the student said each label; empty where labels are not of a small set.</summary>
    public IReadOnlyDictionary<string, int> Labels { get; init; } = new Dictionary<string, int>();

    /// <summary>Confidences that cut the rows into about a hundred parts of the same size, rising.</summary>
    public IReadOnlyList<double> ConfidenceEdges { get; init; } = [];

    /// <summary>For each edge, the rows whose confidence is at most that; rising, as many as edges.</summary>
    public IReadOnlyList<int> RowsUpTo { get; init; } = [];

    /// <summary>Rows of known familiarity.</summary>
    public int FamiliarityRows { get; init; }

    /// <summary>Of those, unusual ones.</summary>
    public int UnusualRows { get; init; }

    /// <summary>Rows whose input was cut.</summary>
    public int CutRows { get; init; }

    /// <summary>Rows that the student answers and about which the large model was asked.</summary>
    public int ComparedRows { get; init; }

    /// <summary>Of those, rows about which both say the same.</summary>
    public int AgreedRows { get; init; }

    /// <summary>Looks at rows.</summary>
    /// <param name="rows">The rows that the cascade was set on.</param>
    /// <param name="rule">Which of them the student answers.</param>
    public static CascadeBaseline From(IReadOnlyList<CascadeRow> rows, CascadeRule rule)
    {
        var labels = rows.Where(row => row.Label is not null).CountBy(row => row.Label!).ToDictionary();
        var sure = rows.Select(row => row.Confidence).Order().ToList();
        var edges = Enumerable.Range(1, Edges).Select(i => sure.Count == 0 ? 0 : sure[(int)((long)i * (sure.Count - 1) / Edges)]).Distinct().ToList();
        var compared = rows
            .Where(row => row.Agrees is not null && rule.Judge(row.Confidence, row.Familiarity) == CascadeVerdict.Student).ToList();
        return new()
        {
            Rows = rows.Count,
            Labels = labels.Count <= MostLabels && rows.All(row => row.Label is not null) ? labels : [],
            ConfidenceEdges = edges,
            RowsUpTo = edges.ConvertAll(edge => sure.Count(one => one <= edge)),
            FamiliarityRows = rows.Count(row => row.Familiarity is not null),
            UnusualRows = rows.Count(row => row.Familiarity < Unusual),
            CutRows = rows.Count(row => row.Cut),
            ComparedRows = compared.Count,
            AgreedRows = compared.Count(row => row.Agrees == true),
        };
    }

    /// <summary>What is wrong with it, in a few words; null where nothing is.</summary>
    internal string? Fault() =>
        Rows is < 0 or > 100_000_000 ? "its number of rows makes no sense"
        : Labels.Values.Any(count => count < 0) || Labels.Values.Sum(count => (long)count) > Rows ? "it counts more labels than rows"
        : RowsUpTo.Count != ConfidenceEdges.Count ? "it has not as many counts as edges of confidence"
        : !IsRising(ConfidenceEdges, 1) || !IsRising([.. RowsUpTo.Select(count => (double)count)], Rows) ? "its confidences do not rise"
        : !IsPart(UnusualRows, FamiliarityRows) || !IsPart(FamiliarityRows, Rows) || !IsPart(CutRows, Rows)
            || !IsPart(AgreedRows, ComparedRows) || !IsPart(ComparedRows, Rows) ? "a part of its rows is larger than the whole"
        : null;

    private static bool IsPart(int part, int whole) => part >= 0 && part <= whole;

    private static bool IsRising(IReadOnlyList<double> numbers, double most)
    {
        var before = 0.0;
        foreach (var number in numbers)
        {
            if (!(number >= before && number <= most))
            {
                return false;
            }

            before = number;
        }

        return true;
    }
}
