namespace StepDistill.Recipes;

/// <summary>The section <c>evaluation</c>: how often a student is measured while it learns, and how it answers.</summary>
public sealed record EvaluationSection
{
    /// <summary>Steps between two looks at the validation rows. Default: 250.</summary>
    public int EverySteps { get; init; } = 250;

    /// <summary>Looks without a better score after which training stops; 0 never stops early. Default: 0.</summary>
    public int Patience { get; init; }

    /// <summary>Validation rows used while training, chosen by hash of the id; 0 uses all. Default: 0.</summary>
    public int MaxRows { get; init; }

    /// <summary>Rows answered at a time. Default: 64.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Tokens an answer may have. Default: 64.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>Beams of the search; 1 is greedy. Default: 1.</summary>
    public int Beams { get; init; } = 1;

    internal IEnumerable<string> Faults()
    {
        if (EverySteps < 1)
        {
            yield return $"evaluation.every_steps is {EverySteps}; it must be at least 1.";
        }

        if (Patience < 0)
        {
            yield return $"evaluation.patience is {Patience}; it must be at least 0.";
        }

        if (MaxRows < 0)
        {
            yield return $"evaluation.max_rows is {MaxRows}; it must be at least 0.";
        }

        if (BatchSize < 1)
        {
            yield return $"evaluation.batch_size is {BatchSize}; it must be at least 1.";
        }

        if (MaxTokens < 1)
        {
            yield return $"evaluation.max_tokens is {MaxTokens}; it must be at least 1.";
        }

        if (Beams is not (>= 1 and <= 64))
        {
            yield return $"evaluation.beams is {Beams}; it must be from 1 to 64.";
        }
    }
}
