namespace StepDistill.Evaluation.Comparisons;

/// <summary>One student's size and settings, where a comparison tries several.</summary>
/// <param name="Name">Short and fit for a folder's name, such as <c>t5-v1_1-tiny</c>; empty for the recipe as it is.</param>
/// <param name="Overrides">What it changes in the recipe: settings of the form <c>section.key=value</c>.</param>
public sealed record ComparisonVariant(string Name, IReadOnlyList<string> Overrides)
{
    /// <summary>The recipe as it is.</summary>
    public static ComparisonVariant AsIs { get; } = new("", []);
}
