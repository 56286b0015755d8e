using StepDistill.Cli.Quickstart;

namespace StepDistill.Cli.Tests.Quickstart;

public sealed class QuickstartRowsTests
{
    private static readonly QuickstartRows Rows = QuickstartRows.Draw(new());

    private static IEnumerable<QuickstartRow> All => [.. Rows.Train, .. Rows.Validation, .. Rows.Test];

    [Fact]
    public void Labels_are_right() => Assert.All(All, row => Assert.Equal(ThingsGameTests.Solve(row.Input), row.Label));

    [Fact]
    public void No_pair_of_things_comes_twice_whichever_comes_first()
    {
        var pairs = All.Select(row => ThingsGame.Read(row.Input)!.Value)
            .Select(pair => string.CompareOrdinal(pair.Anns, pair.Bens) < 0 ? pair : (Anns: pair.Bens, Bens: pair.Anns))
            .ToList();

        Assert.Equal(pairs.Count, pairs.Distinct().Count());
    }

    [Fact]
    public void There_are_as_many_as_wanted()
    {
        var rows = QuickstartRows.Draw(new QuickstartSize { TrainRows = 5, ValidationRows = 3, TestRows = 4 });

        Assert.Equal((5, 3, 4), (rows.Train.Count, rows.Validation.Count, rows.Test.Count));
        Assert.Throws<ArgumentException>(() => QuickstartRows.Draw(new QuickstartSize { TrainRows = 10_000 }));
    }

    [Fact]
    public void They_are_the_same_every_time() => Assert.Equal(All, [
        .. QuickstartRows.Draw(new()).Train, .. QuickstartRows.Draw(new()).Validation, .. QuickstartRows.Draw(new()).Test]);

    [Fact]
    public void No_label_can_be_guessed_well() => Assert.All(
        Rows.Train.CountBy(row => row.Label), label => Assert.InRange((double)label.Value / Rows.Train.Count, 0.28, 0.39));

    [Fact]
    public void Every_thing_is_among_the_training_rows() => Assert.Superset(
        ThingsGame.Things.ToHashSet(),
        Rows.Train.SelectMany(row => ThingsGame.Read(row.Input) is var (anns, bens) ? new[] { anns, bens } : []).ToHashSet());
}
