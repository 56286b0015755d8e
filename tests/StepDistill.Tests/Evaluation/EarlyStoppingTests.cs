using CsCheck;
using StepDistill.Evaluation;

namespace StepDistill.Tests.Evaluation;

public sealed class EarlyStoppingTests
{
    [Fact]
    public void The_first_of_equal_scores_is_the_best()
    {
        var verdict = EarlyStopping.Judge([0.3, 0.5, 0.5, 0.4], patience: 0);

        Assert.Equal((1, 0.5, 2, false), (verdict.BestIndex, verdict.BestScore, verdict.LooksSinceBest, verdict.LastIsBest));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Patience_is_the_number_of_looks_without_a_better_score(int patience, bool stops) =>
        Assert.Equal(stops, EarlyStopping.Judge([0.3, 0.5, 0.5, 0.4], patience).ShouldStop);

    [Fact]
    public void A_score_that_is_no_number_is_never_the_best()
    {
        Assert.Equal(1, EarlyStopping.Judge([double.NaN, 0.1, double.NaN], 0).BestIndex);
        Assert.Equal(-1, EarlyStopping.Judge([double.NaN], 0).BestIndex);
        Assert.False(EarlyStopping.Judge([double.NaN], 0).LastIsBest);
    }

    [Fact]
    public void Before_the_first_look_nothing_is_best_and_nothing_stops()
    {
        var verdict = EarlyStopping.Judge([], patience: 1);

        Assert.Equal((-1, 0, false, false), (verdict.BestIndex, verdict.LooksSinceBest, verdict.ShouldStop, verdict.LastIsBest));
    }

    [Fact]
    public void The_best_is_the_highest_and_the_last_is_best_only_when_above_all_others() =>
        Gen.Double[0, 1].Array[1, 20].Sample(scores =>
        {
            var verdict = EarlyStopping.Judge(scores, 3);

            Assert.Equal(scores.Max(), verdict.BestScore);
            Assert.Equal(Array.IndexOf(scores, scores.Max()), verdict.BestIndex);
            Assert.Equal(scores[..^1].All(score => score < scores[^1]), verdict.LastIsBest);
        });
}
