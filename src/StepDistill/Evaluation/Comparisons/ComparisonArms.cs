using StepDistill.Recipes;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>What a comparison calls an arm: a way to train, or step-by-step with rationales that were spoilt on purpose.</summary>
/// <remarks>
/// The spoilt ones are controls (Wadhwa et al. 2024, arXiv 2406.14511): what a student still gains from them is not due to
/// reasons. They stand beside the arms because they are compared as arms are.
/// </remarks>
public static class ComparisonArms
{
    private static readonly string[] Controls = ["shuffled-words", "shuffled-rows"];

    /// <summary>Every arm in the order of reports: baselines, then controls, then the method.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Arms.All.Where(arm => arm != Arms.StepByStep), .. Controls, Arms.StepByStep];

    /// <summary>Whether an arm trains reasons that were spoilt on purpose.</summary>
    /// <param name="arm">One of <see cref="All"/>.</param>
    public static bool IsControl(string arm) => Controls.Contains(arm);

    /// <summary>Whether an arm's students learn to write reasons.</summary>
    /// <param name="arm">One of <see cref="All"/>.</param>
    public static bool WritesRationales(string arm) => arm is Arms.StepByStep or Arms.SingleTask || IsControl(arm);

    /// <summary>The section <c>training</c> of an arm's runs.</summary>
    /// <param name="arm">One of <see cref="All"/>.</param>
    /// <param name="training">The recipe's own.</param>
    public static TrainingSection Of(string arm, TrainingSection training) => IsControl(arm)
        ? training with { Arm = Arms.StepByStep, RationaleControl = arm }
        : training with { Arm = arm };
}
