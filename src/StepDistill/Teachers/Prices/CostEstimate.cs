namespace StepDistill.Teachers.Prices;

/// <summary>What annotating some rows will take, before anybody is asked.</summary>
public sealed record CostEstimate
{
    /// <summary>Questions that are to be asked.</summary>
    public required long ToAsk { get; init; }

    /// <summary>
    /// Answers of this very teacher whose tokens the provider counted, and on which the intervals rest: 95 % intervals for
    /// rows of the same kind. With 0, tokens are guessed from the prompts' lengths, and the intervals are bounds.
    /// </summary>
    public required long Measured { get; init; }

    /// <summary>Tokens of all prompts; null where the teacher has none, as recorded answers.</summary>
    public TokenEstimate? Input { get; init; }

    /// <summary>Tokens of all replies; null where nobody can tell.</summary>
    public TokenEstimate? Output { get; init; }

    /// <summary>Dollars, without a discount for tokens that the provider still has; null where the price is not known.</summary>
    public DollarEstimate? Dollars { get; init; }

    /// <summary>The price that <see cref="Dollars"/> is made of; null where it is not known.</summary>
    public ModelPrice? Price { get; init; }

    /// <summary>
    /// How long the questions take at least, under the recipe's limits and at the latency measured so far; limits of the
    /// server's own come on top. Null where neither says anything.
    /// </summary>
    public TimeSpan? Time { get; init; }

    /// <summary>The recipe's key that decides <see cref="Time"/>, such as <c>teacher.concurrency</c>.</summary>
    public string? LimitedBy { get; init; }
}
