using System.ComponentModel.DataAnnotations;

namespace StepDistill.Recipes;

/// <summary>How long rationales may be, for the filter <c>length</c> of <c>teacher.keep</c>.</summary>
public sealed record RationaleLengthSection
{
    /// <summary>The fewest words, parted by white space, that a rationale may have. Default: 3.</summary>
    [Range(0, int.MaxValue)]
    public int Min { get; init; } = 3;

    /// <summary>The most words that a rationale may have. Default: 200.</summary>
    [Range(1, int.MaxValue)]
    public int Max { get; init; } = 200;
}
