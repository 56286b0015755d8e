using StepDistill.Files;

namespace StepDistill.Cli.Quickstart;

/// <summary>A question with the right answer.</summary>
/// <param name="Input">The question.</param>
/// <param name="Label">The right answer.</param>
internal sealed record QuickstartRow(string Input, string Label);

/// <summary>The quickstart's questions in three parts that share none, not even with its things in another order.</summary>
internal sealed record QuickstartRows
{
    private QuickstartRows(QuickstartRow[] drawn, QuickstartSize size)
    {
        Train = drawn[..size.TrainRows];
        Validation = drawn[size.TrainRows..^size.TestRows];
        Test = drawn[^size.TestRows..];
    }

    /// <summary>To learn from.</summary>
    public IReadOnlyList<QuickstartRow> Train { get; }

    /// <summary>To choose weights by.</summary>
    public IReadOnlyList<QuickstartRow> Validation { get; }

    /// <summary>To measure with, once, at the end.</summary>
    public IReadOnlyList<QuickstartRow> Test { get; }

    /// <summary>Draws questions: every pair of things once at most, in an order and with a first thing that only look random.</summary>
    /// <param name="size">How many.</param>
    /// <exception cref="ArgumentException">There are not as many pairs.</exception>
    public static QuickstartRows Draw(QuickstartSize size)
    {
        var pairs =
            from second in Enumerable.Range(1, ThingsGame.Things.Count - 1)
            from first in Enumerable.Range(0, second)
            select Drawn(ThingsGame.Things[first], ThingsGame.Things[second]);
        var wanted = size.TrainRows + size.ValidationRows + size.TestRows;
        var drawn = pairs.OrderBy(one => one.Place).Take(wanted).Select(one => one.Row).ToArray();
        return drawn.Length == wanted
            ? new(drawn, size)
            : throw new ArgumentException($"There are {drawn.Length} questions, fewer than the {wanted} wanted.", nameof(size));
    }

    private static (double Place, QuickstartRow Row) Drawn(string one, string other)
    {
        var (first, second) = ContentHash.Share("quickstart: order", one, other) < 0.5 ? (one, other) : (other, one);
        return (
            ContentHash.Share("quickstart: place", one, other),
            new(ThingsGame.Question(first, second), ThingsGame.Winner(ThingsGame.Of(first), ThingsGame.Of(second))));
    }
}
