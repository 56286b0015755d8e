using StepDistill.Inference.Confidence;

namespace StepDistill.Inference.Tests.Confidence;

public sealed class FamiliarityTests
{
    private const int Width = 8;

    [Fact]
    public void Inputs_of_the_task_are_below_a_level_no_more_often_than_it_says()
    {
        var random = new Random(1);
        double below = 0, rows = 0;
        for (var draw = 0; draw < 100; draw++)
        {
            var fitted = Familiarity.Fit([.. Enumerable.Range(0, 400).Select(_ => Row(random, 0))])!;
            for (var i = 0; i < 200; i++)
            {
                below += fitted.Of(Row(random, 0)) <= 0.05 ? 1 : 0;
                rows++;
            }
        }

        // Its own error over 20,000 rows and 100 draws is about 0.002.
        Assert.InRange(below / rows, 0.035, 0.056);
    }

    [Fact]
    public void Other_inputs_are_below_it_far_more_often()
    {
        var random = new Random(2);
        var fitted = Familiarity.Fit([.. Enumerable.Range(0, 400).Select(_ => Row(random, 0))])!;

        Assert.True(Enumerable.Range(0, 200).Count(_ => fitted.Of(Row(random, Width)) <= 0.05) > 150);
    }

    [Fact]
    public void Too_few_rows_say_nothing() =>
        Assert.Null(Familiarity.Fit([.. Enumerable.Range(0, Familiarity.FewestRows - 1).Select(i => new float[] { i })]));

    [Fact]
    public void A_number_that_never_varies_is_left_out()
    {
        var fitted = Familiarity.Fit([.. Enumerable.Range(0, 100).Select(i => new float[] { 5, i % 10 })])!;

        Assert.Equal(0, fitted.Scale[0]);
        Assert.Equal(1, fitted.Of([5, fitted.Mean[1]]), 2e-2);
    }

    [Fact]
    public void Padding_is_no_part_of_the_mean() =>
        Assert.Equal([2f, 3f], Familiarity.Pool([1, 2, 3, 4, 99, 99], length: 2, width: 2));

    private static float[] Row(Random random, double shift) =>
        [.. Enumerable.Range(0, Width).Select(i => (float)((random.NextDouble() + random.NextDouble() - 1 + (shift / Width)) * (i + 1)))];
}
