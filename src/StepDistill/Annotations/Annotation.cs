using StepDistill.Teachers.Prices;

namespace StepDistill.Annotations;

/// <summary>What became of one question to a teacher.</summary>
public enum AnnotationStatus
{
    /// <summary>A label was read; the rationale may still be empty.</summary>
    Ok,

    /// <summary>The reply holds no label that the task allows.</summary>
    Unreadable,

    /// <summary>The teacher declined to answer.</summary>
    Refused,

    /// <summary>The reply was cut off by a token limit before its label.</summary>
    Truncated,

    /// <summary>No reply came: the request failed.</summary>
    Failed,
}

/// <summary>One answer of one teacher to one example, as it is stored. Nothing in it is ever changed.</summary>
public sealed record Annotation
{
    /// <summary>Decimals that <see cref="Price"/> may have: as many as a cost can have, see <see cref="ModelPrice"/>.</summary>
    public const int PriceDecimals = 18;

    /// <summary>No answer costs as many dollars.</summary>
    public const decimal PriceLimit = 10_000_000_000m;

    /// <summary>Content key: equal keys are equal questions. 64 hexadecimal digits.</summary>
    public required string Key { get; init; }

    /// <summary>The <see cref="Tasks.Example.Id"/> that was asked about.</summary>
    public required string ExampleId { get; init; }

    /// <summary>Who answered, such as <c>recorded</c> or a model's name.</summary>
    public required string Teacher { get; init; }

    /// <summary>What became of the question. Only <see cref="AnnotationStatus.Ok"/> carries a label.</summary>
    public required AnnotationStatus Status { get; init; }

    /// <summary>The raw reply, untouched; empty where none came.</summary>
    public required string Reply { get; init; }

    /// <summary>The label in the task's own writing; non-blank exactly when the status is Ok, otherwise null.</summary>
    public string? Label { get; init; }

    /// <summary>The reasons given; null or non-blank.</summary>
    public string? Rationale { get; init; }

    /// <summary>Why the status is not Ok, in one sentence; null when it is.</summary>
    public string? Fault { get; init; }

    /// <summary>Which of several answers to the same question, from 0.</summary>
    public int Sample { get; init; }

    /// <summary>Tokens of the prompt as the provider counted them; null where it did not say.</summary>
    public long? InputTokens { get; init; }

    /// <summary>Tokens of the reply as the provider counted them; null where it did not say.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>
    /// What the answer cost, in dollars: exact, at most <see cref="PriceDecimals"/> decimals, at the price that held when it
    /// arrived. Null where the price or the tokens are not known.
    /// </summary>
    public decimal? Price { get; init; }

    /// <summary>Time from question to answer; zero for recorded answers.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>When it was answered.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Whether dollars can be a <see cref="Price"/>: not below zero, below the limit, and with no more decimals than are kept.</summary>
    internal static bool IsPrice(decimal dollars) =>
        dollars >= 0 && dollars < PriceLimit && decimal.Round(dollars, PriceDecimals) == dollars;
}
