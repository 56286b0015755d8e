using System.ComponentModel.DataAnnotations;

namespace StepDistill.Recipes;

/// <summary>The section <c>evaluation</c>: how often a student is measured while it learns, and how it answers.</summary>
public sealed record EvaluationSection
{
    /// <summary>Steps between two looks at the validation rows. Default: 250.</summary>
    [Range(1, int.MaxValue)]
    public int EverySteps { get; init; } = 250;

    /// <summary>Looks without a better score after which training stops; 0 never stops early. Default: 0.</summary>
    [Range(0, int.MaxValue)]
    public int Patience { get; init; }

    /// <summary>Validation rows used while training, chosen by hash of the id; 0 uses all. Default: 0.</summary>
    [Range(0, int.MaxValue)]
    public int MaxRows { get; init; }

    /// <summary>Rows answered at a time. Default: 64.</summary>
    [Range(1, int.MaxValue)]
    public int BatchSize { get; init; } = 64;

    /// <summary>Tokens an answer may have. Default: 64.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTokens { get; init; } = 64;

    /// <summary>Beams of the search; 1 is greedy. Default: 1.</summary>
    [Range(1, 64)]
    public int Beams { get; init; } = 1;
}
