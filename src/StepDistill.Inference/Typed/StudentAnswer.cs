namespace StepDistill.Inference.Typed;

/// <summary>What a student says about one question, with a member of an enum as the label.</summary>
/// <typeparam name="TLabel">The enum.</typeparam>
public sealed record StudentAnswer<TLabel> where TLabel : struct, Enum
{
    /// <summary>The likeliest label.</summary>
    public required TLabel Label { get; init; }

    /// <summary>How likely the label is right, from 0 to 1.</summary>
    public required double Confidence { get; init; }

    /// <summary>Every label's probability, likeliest first.</summary>
    public required IReadOnlyList<LabelProbability<TLabel>> Probabilities { get; init; }

    /// <summary>The answer as the student gave it: familiarity, reasons, tokens and whether the input was cut.</summary>
    public required StudentAnswer Untyped { get; init; }

    /// <summary>Why, in the student's words; null where nobody asked, or the student was not trained to say.</summary>
    public string? Rationale => Untyped.Rationale;

    /// <summary>How usual the input is, from 0 to 1: see <see cref="StudentAnswer.Familiarity"/>.</summary>
    public double? Familiarity => Untyped.Familiarity;
}
