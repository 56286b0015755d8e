using System.ComponentModel.DataAnnotations;

namespace StepDistill.Recipes;

/// <summary>The section <c>batches</c>: how rows become token ids, and how many examples make a step.</summary>
public sealed record BatchesSection
{
    /// <summary>Examples per update of the weights. Default: 64.</summary>
    [Range(1, 65_536)]
    public int BatchSize { get; init; } = 64;

    /// <summary>Inputs are cut at this many tokens, end mark included. Default: 1,024.</summary>
    [Range(2, int.MaxValue)]
    public int MaxInputTokens { get; init; } = 1024;

    /// <summary>Targets are cut at this many tokens, end mark included. Default: 256.</summary>
    [Range(2, int.MaxValue)]
    public int MaxTargetTokens { get; init; } = 256;

    /// <summary>Most tokens, of inputs and targets together, that are computed at a time, to save memory; the step's gradient is the same. 0 for all of a step's; null chooses as many as fit. Default: null.</summary>
    [Range(0, int.MaxValue)]
    public int? TokensPerPart { get; init; }

    /// <summary><c>shuffled</c> (seeded, portable) or <c>paper</c> (the very order that the paper's program draws for the seed). Default: <c>shuffled</c>.</summary>
    [AllowedValues("shuffled", "paper")]
    public string Order { get; init; } = "shuffled";
}
