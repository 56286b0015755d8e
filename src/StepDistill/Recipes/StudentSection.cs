using System.ComponentModel.DataAnnotations;

namespace StepDistill.Recipes;

/// <summary>The section <c>student</c>: published weights to start from, or sizes to start from random ones.</summary>
public sealed record StudentSection
{
    /// <summary>A folder in Hugging Face's layout, or a hub name such as <c>google/t5-v1_1-base</c>. Its tokenizer comes with it.</summary>
    [RecipePath(OrName = true)]
    public string? From { get; init; }

    /// <summary>Sizes by name, for random weights: <c>t5-v1_1-nano</c>, <c>-tiny</c>, <c>-mini</c>, <c>-small</c>, <c>-base</c>, <c>-large</c>, <c>-xl</c>, <c>-xxl</c>. Default, without <see cref="From"/>: <c>t5-v1_1-mini</c>.</summary>
    public string? Config { get; init; }

    /// <summary>The tokenizer of a student that starts from random weights.</summary>
    public TokenizerSection Tokenizer { get; init; } = new();

    /// <summary>Share of activations dropped while training; the checkpoint's or 0.1 where missing.</summary>
    [Range(0d, 1d, MaximumIsExclusive = true)]
    public double? DropoutRate { get; init; }

    internal IEnumerable<string> Faults()
    {
        if (From is not null && Config is not null)
        {
            yield return $"student.from is '{From}' and student.config is '{Config}'; give one of the two.";
        }

        if (From is not null && Tokenizer != new TokenizerSection())
        {
            yield return "student.tokenizer is given beside student.from; published weights bring their own tokenizer.";
        }
    }
}

/// <summary>A tokenizer: an existing file, or one trained from the task's own text.</summary>
public sealed record TokenizerSection
{
    /// <summary>A <c>spiece.model</c>, a <c>tokenizer.json</c> or a folder with one; a relative path starts at the recipe's folder.</summary>
    [RecipePath]
    public string? From { get; init; }

    /// <summary>How to train one where <see cref="From"/> is missing.</summary>
    public TokenizerTraining Train { get; init; } = new();
}

/// <summary>A vocabulary trained from the training rows' inputs, labels and rationales.</summary>
public sealed record TokenizerTraining
{
    /// <summary>Pieces to learn, special pieces included. Default: 8,000; less where the text does not hold so many.</summary>
    [Range(64, 1_000_000)]
    public int Vocabulary { get; init; } = 8000;
}
