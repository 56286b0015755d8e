using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class CascadeBaselineTests
{
    [Fact]
    public void It_counts_what_later_calls_are_compared_with()
    {
        var baseline = CascadeBaseline.From(
            [
                new(0.9, true) { Label = "fly", Familiarity = 0.01, Agrees = true },
                new(0.8, true) { Label = "fly", Familiarity = 0.5, Agrees = false, Cut = true },
                new(0.4, false) { Label = "swim", Agrees = false },
                new(0.7, false) { Label = "swim" },
            ],
            new CascadeRule(0.5));

        Assert.Equal((4, 2, 1, 1), (baseline.Rows, baseline.FamiliarityRows, baseline.UnusualRows, baseline.CutRows));
        Assert.Equal((2, 1), (baseline.ComparedRows, baseline.AgreedRows));
        Assert.Equal([new("fly", 2), new("swim", 2)], baseline.Labels);
        Assert.Equal([0.4, 0.7, 0.8, 0.9], baseline.ConfidenceEdges);
        Assert.Equal([1, 2, 3, 4], baseline.RowsUpTo);
        Assert.Null(baseline.Fault());
    }

    [Fact]
    public void Many_rows_make_about_a_hundred_edges()
    {
        var baseline = CascadeBaseline.From(Population.Calibrated.Draw(5000, new Random(1)), new(0.5));

        Assert.Equal(100, baseline.ConfidenceEdges.Count);
        Assert.Equal(50, baseline.RowsUpTo[0], 1.0);
        Assert.Equal(5000, baseline.RowsUpTo[^1]);
        Assert.Empty(baseline.Labels);
    }

    [Fact]
    public void A_task_of_countless_labels_has_no_mix() => Assert.Empty(CascadeBaseline.From(
        [.. Enumerable.Range(0, 200).Select(i => new CascadeRow(0.5, true) { Label = $"{i} + 1" })], new(0.5)).Labels);

    [Fact]
    public void No_rows_make_an_empty_one() => Assert.Null(CascadeBaseline.From([], new(0.5)).Fault());
}
