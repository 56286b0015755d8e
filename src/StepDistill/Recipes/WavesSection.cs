using System.ComponentModel.DataAnnotations;

namespace StepDistill.Recipes;

/// <summary>The section <c>waves</c>: how to annotate part by part, until more rows no longer pay.</summary>
public sealed record WavesSection
{
    /// <summary>Rows asked about in each wave. Default: 500.</summary>
    [Range(1, int.MaxValue)]
    public int Rows { get; init; } = 500;

    /// <summary>Points of validation accuracy (1 is one in a hundred) that the next wave must be expected to add; with less it is not asked. Default: 0.5.</summary>
    [Range(0d, 100d)]
    public double MinGain { get; init; } = 0.5;

    /// <summary>Waves after which it ends in any case; 0 for no limit. Default: 0.</summary>
    [Range(0, int.MaxValue)]
    public int MaxWaves { get; init; }

    /// <summary>How the rows of a later wave are chosen: <c>uncertain</c> (those that the student is least sure of, spread out) or <c>random</c>. Default: <c>uncertain</c>.</summary>
    [AllowedValues("uncertain", "random")]
    public string Choose { get; init; } = "uncertain";
}
