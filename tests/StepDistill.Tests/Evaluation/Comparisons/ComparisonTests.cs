using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;

namespace StepDistill.Tests.Evaluation.Comparisons;

public sealed class ComparisonTests
{
    private static readonly ComparisonPlan Plan = new([Arms.Finetune, Arms.StepByStep], [1], [0, 1]);

    [Fact]
    public async Task Every_cell_is_run_once_in_the_plans_order()
    {
        var told = new List<ComparisonCell>();

        var outcomes = await Comparison.RunAsync(
            Plan, Run, new Told(told), TestContext.Current.CancellationToken);

        Assert.Equal(Plan.Cells, outcomes.Select(outcome => outcome.Cell));
        Assert.Equal(Plan.Cells, told);
        Assert.All(outcomes, outcome => Assert.Null(outcome.Fault));
    }

    [Fact]
    public async Task A_run_that_fails_does_not_stop_the_others()
    {
        var outcomes = await Comparison.RunAsync(
            Plan,
            (cell, cancellation) => cell switch
            {
                { Arm: Arms.Finetune, Seed: 0 } => throw new StepDistillException("The disk is full. Make room."),
                { Arm: Arms.Finetune, Seed: 1 } => throw new InvalidOperationException("Nobody foresaw this."),
                _ => Run(cell, cancellation),
            },
            cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(
            ["The disk is full. Make room.", null, "InvalidOperationException: Nobody foresaw this.", null],
            outcomes.Select(outcome => outcome.Fault));
        Assert.Equal([false, true, false, true], outcomes.Select(outcome => outcome.Result is not null));
    }

    [Fact]
    public async Task When_stopped_it_stops()
    {
        using var stop = new CancellationTokenSource();
        var begun = 0;

        await Assert.ThrowsAsync<OperationCanceledException>(() => Comparison.RunAsync(
            Plan,
            async (cell, cancellation) =>
            {
                begun++;
                await stop.CancelAsync();
                cancellation.ThrowIfCancellationRequested();
                return await Run(cell, cancellation);
            },
            cancellation: stop.Token));

        Assert.Equal(1, begun);
    }

    private static Task<CellResult> Run(ComparisonCell cell, CancellationToken cancellation) =>
        Task.FromResult(Outcomes.Done(cell.Arm, cell.Fraction, cell.Seed, 0.5, rows: 30).Result!);

    private sealed class Told(List<ComparisonCell> cells) : IProgress<CellOutcome>
    {
        public void Report(CellOutcome value) => cells.Add(value.Cell);
    }
}
