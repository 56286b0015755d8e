using StepDistill.Cli.Rendering;
using StepDistill.Runs;

namespace StepDistill.Cli.Tests.Rendering;

public sealed class RunProgressTests
{
    [Fact]
    public void Events_become_step_loss_and_best_score()
    {
        var seen = new List<Progress>();
        var progress = new RunProgress(100, new Relay<Progress>(seen.Add));

        progress.Report(new StepTaken(1.25, 1, 1, 1e-3) { Step = 50 });
        progress.Report(new Evaluated(0.5, IsBest: true, new Dictionary<string, double>()) { Step = 50 });
        progress.Report(new Evaluated(0.4, IsBest: false, new Dictionary<string, double>()) { Step = 60 });
        progress.Report(new Finished(50, 0.5, 9) { Step = 70 });

        Assert.Equal(
            [
                new(50, 100, "loss 1.250"), new(50, 100, "loss 1.250, best 50.0 % at 50"),
                new(60, 100, "loss 1.250, best 50.0 % at 50"),
                new(100, 100, "best 50.0 % at 50"),     // stopped early, so this is the end
            ],
            seen);
    }
}
