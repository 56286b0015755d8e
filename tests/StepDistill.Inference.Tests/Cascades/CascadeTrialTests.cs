using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class CascadeTrialTests
{
    [Fact]
    public void Halves_keep_what_the_other_halves_promise()
    {
        var rows = Population.Calibrated.Draw(4000, new Random(1));

        var trial = CascadeTrial.Run(rows, CascadeTarget.Accuracy(0.84));

        Assert.Equal((100, 100), (trial.Splits, trial.Made));
        Assert.InRange(trial.Held, 95, 100);
        Assert.InRange(trial.MeanAccuracy, 0.84, 0.87);
        Assert.InRange(trial.WorstAccuracy, 0.82, trial.MeanAccuracy);
        Assert.InRange(trial.MeanAnsweredShare, 0.3, 1);
        Assert.Equal(trial, CascadeTrial.Run(rows, CascadeTarget.Accuracy(0.84)));
        Assert.NotEqual(trial, CascadeTrial.Run(rows, CascadeTarget.Accuracy(0.84), seed: 1));
    }

    [Fact]
    public void A_promise_that_nobody_can_make_is_none_that_is_broken()
    {
        var trial = CascadeTrial.Run(Population.Calibrated.Draw(400, new Random(1)), CascadeTarget.Accuracy(0.99), splits: 10);

        Assert.Equal(new CascadeTrial(10, 0, 10, 0, 0, 0), trial);
    }

    [Fact]
    public void Among_the_students_answers_the_next_so_many_count()
    {
        var trial = CascadeTrial.Run(
            Population.Calibrated.Draw(3000, new Random(2)), CascadeTarget.AccuracyAmongAnswered(0.9) with { FutureRows = 300 }, splits: 40);

        Assert.Equal(40, trial.Made);
        Assert.InRange(trial.Held, 37, 40);
        Assert.InRange(trial.MeanAccuracy, 0.9, 0.96);
    }

    [Fact]
    public void A_cost_has_no_trial() => Assert.Throws<ArgumentException>(() =>
        CascadeTrial.Run(Population.Calibrated.Draw(10, new Random(1)), CascadeTarget.LargeShare(0.5)));
}
