using System.Globalization;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>One run of a comparison.</summary>
/// <param name="Arm">How the student is trained.</param>
/// <param name="Fraction">Share of the training rows.</param>
/// <param name="Seed">Seed of every random choice.</param>
/// <param name="Variant">Name of the student's size and settings; empty for the recipe as it is.</param>
public readonly record struct ComparisonCell(string Arm, double Fraction, int Seed, string Variant = "")
{
    /// <summary>The cell in words, such as <c>finetune, 25 % of the rows, seed 1</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Arm}{(Variant.Length == 0 ? "" : $" ({Variant})")}, {Fraction * 100:0.####} % of the rows, seed {Seed}");
}

/// <summary>Which runs a comparison is made of: every arm with every fraction, every seed, and every size and setting.</summary>
public sealed record ComparisonPlan
{
    /// <summary>Checks and orders the plan.</summary>
    /// <param name="arms">Ways to train, from <see cref="ComparisonArms.All"/>.</param>
    /// <param name="fractions">Shares of the training rows, above 0 and at most 1.</param>
    /// <param name="seeds">Seeds; each serves all arms, so that they can be paired.</param>
    /// <param name="variants">Sizes and settings, smallest student first; null for the recipe as it is.</param>
    /// <exception cref="StepDistillException">
    /// A list is empty or names something twice, an arm or a share is unknown; all faults are told.
    /// </exception>
    public ComparisonPlan(
        IReadOnlyList<string> arms,
        IReadOnlyList<double> fractions,
        IReadOnlyList<int> seeds,
        IReadOnlyList<ComparisonVariant>? variants = null)
    {
        variants ??= [ComparisonVariant.AsIs];
        string[] faults =
        [
            .. Faults("arms", arms), .. Faults("fractions", fractions), .. Faults("seeds", seeds),
            .. Faults("students and settings", [.. variants.Select(variant => variant.Name)]),
            .. arms.Except(ComparisonArms.All).Select(arm =>
                $"'{arm}' is no arm; there are {string.Join(", ", ComparisonArms.All)}."),
            .. fractions.Where(fraction => fraction is not (> 0 and <= 1)).Select(fraction => string.Create(
                CultureInfo.InvariantCulture, $"The fraction {fraction} is not above 0 and at most 1.")),
        ];
        if (faults.Length > 0)
        {
            throw new StepDistillException(
                string.Join($"{Environment.NewLine}  - ", ["This comparison cannot be made:", .. faults]));
        }

        Variants = variants;
        Arms = [.. ComparisonArms.All.Where(arms.Contains)];
        Fractions = [.. fractions.Order()];
        Seeds = [.. seeds.Order()];
    }

    /// <summary>Ways to train, in the order of reports: baselines first.</summary>
    public IReadOnlyList<string> Arms { get; }

    /// <summary>Shares of the training rows, smallest first.</summary>
    public IReadOnlyList<double> Fractions { get; }

    /// <summary>Seeds, smallest first.</summary>
    public IReadOnlyList<int> Seeds { get; }

    /// <summary>Sizes and settings, in the order given.</summary>
    public IReadOnlyList<ComparisonVariant> Variants { get; }

    /// <summary>
    /// The runs, in an order in which a comparison that is stopped half-way is a smaller comparison: seed by seed,
    /// small fractions first, the arms of one fraction next to each other.
    /// </summary>
    public IEnumerable<ComparisonCell> Cells =>
        from seed in Seeds
        from variant in Variants
        from fraction in Fractions
        from arm in Arms
        select new ComparisonCell(arm, fraction, seed, variant.Name);

    private static IEnumerable<string> Faults<T>(string what, IReadOnlyList<T> values)
    {
        if (values.Count == 0)
        {
            yield return $"There are no {what}; name at least one.";
        }

        foreach (var repeated in values.GroupBy(value => value).Where(group => group.Count() > 1))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{repeated.Key} stands twice among the {what}.");
        }
    }
}
