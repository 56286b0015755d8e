namespace StepDistill.Recipes;

/// <summary>The section <c>batches</c>: how rows become token ids, and how many examples make a step.</summary>
public sealed record BatchesSection
{
    /// <summary>Examples per update of the weights. Default: 64.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Inputs are cut at this many tokens, end mark included. Default: 1,024.</summary>
    public int MaxInputTokens { get; init; } = 1024;

    /// <summary>Targets are cut at this many tokens, end mark included. Default: 256.</summary>
    public int MaxTargetTokens { get; init; } = 256;

    /// <summary><c>shuffled</c> (seeded, portable) or <c>paper</c> (the very order that the paper's program draws for the seed). Default: <c>shuffled</c>.</summary>
    public string Order { get; init; } = "shuffled";

    internal IEnumerable<string> Faults()
    {
        if (BatchSize is not (>= 1 and <= 65_536))
        {
            yield return $"batches.batch_size is {BatchSize}; it must be from 1 to 65,536.";
        }

        if (MaxInputTokens < 2)
        {
            yield return $"batches.max_input_tokens is {MaxInputTokens}; it must be at least 2.";
        }

        if (MaxTargetTokens < 2)
        {
            yield return $"batches.max_target_tokens is {MaxTargetTokens}; it must be at least 2.";
        }

        if (Order is not ("shuffled" or "paper"))
        {
            yield return $"batches.order is '{Order}'; it must be shuffled or paper.";
        }
    }
}
