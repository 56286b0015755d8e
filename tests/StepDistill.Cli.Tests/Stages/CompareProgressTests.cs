using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;

namespace StepDistill.Cli.Tests.Stages;

public sealed class CompareProgressTests
{
    private static readonly ComparisonPlan Plan = new([Arms.Finetune, Arms.StepByStep], [1], [0]);

    private readonly List<Progress> _shown = [];

    [Fact]
    public void Steps_of_all_runs_are_one_number_and_never_go_back()
    {
        var told = new CompareProgress(Plan, _ => 100, new Relay<Progress>(_shown.Add));
        var (one, other) = (told.Of(Plan.Cells.First()), told.Of(Plan.Cells.Last()));

        one.Report(new(60, 100));
        other.Report(new(10, 100));
        one.Report(new(100, 100, "best 50 %"));
        one.Report(new(1, 100));        // as where a finished run's log is read from its beginning
        one.Report(new(100, 100));
        other.Report(new(4096, 8192, "bytes"));

        Assert.Equal([60, 70, 110, 110, 110, 110], _shown.Select(progress => progress.Done));
        Assert.All(_shown, progress => Assert.Equal(200, progress.Total));
        Assert.Equal("1 of 2 runs trained; finetune, 100 % of the rows, seed 0, best 50 %", _shown[2].Detail);
        Assert.StartsWith("1 of 2 runs trained", _shown[^1].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_failed_is_no_longer_waited_for()
    {
        var told = new CompareProgress(Plan, _ => 100, new Relay<Progress>(_shown.Add));

        told.Report(new CellOutcome(Plan.Cells.First(), Result: null, "The loss is not a number."));
        told.Evaluating(Plan.Cells.Last());

        Assert.Equal([100, 200], _shown.Select(progress => progress.Done));
        Assert.Equal("student 1 of 2 answers: step-by-step, 100 % of the rows, seed 0", _shown[^1].Detail);
    }
}
