using StepDistill.Inference.Confidence;

namespace StepDistill.Inference.Tests.Confidence;

public sealed class FamiliarityTests
{
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

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void Inputs_of_other_words_are_below_it_far_more_often_however_long_they_are(int times)
    {
        var random = new Random(2);
        var fitted = Familiarity.Fit([.. Enumerable.Range(0, 400).Select(_ => Row(random, 0))])!;
        int[] Other() => [.. Enumerable.Range(0, times).SelectMany(_ => Row(random, 60))];

        Assert.True(Enumerable.Range(0, 200).Count(_ => fitted.Of(Other()) <= 0.05) > 150);
    }

    [Fact]
    public void Too_few_rows_say_nothing() =>
        Assert.Null(Familiarity.Fit([.. Enumerable.Range(0, Familiarity.FewestRows - 1).Select(i => new[] { i })]));

    [Fact]
    public void A_word_that_never_stood_there_surprises_more_than_any_that_did()
    {
        var fitted = Familiarity.Fit([.. Enumerable.Range(0, 100).Select(i => new[] { 3, i % 10 })])!;

        Assert.All(fitted.Surprises, surprise => Assert.True(surprise < fitted.Unseen));
        Assert.Equal(1, Enumerable.Range(0, fitted.Tokens.Length).Sum(i => Math.Exp(-fitted.Surprises[i])) + Math.Exp(-fitted.Unseen), 1e-5);
        Assert.Equal(1 / 51.0, fitted.Of([99, 98]), 1e-9);
    }

    // Small ids are frequent, as words are.
    private static int[] Row(Random random, int shift) =>
        [.. Enumerable.Range(0, random.Next(5, 15)).Select(_ => shift + (int)(100 * random.NextDouble() * random.NextDouble() * random.NextDouble()))];
}
