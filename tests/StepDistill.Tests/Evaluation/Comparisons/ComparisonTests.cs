using System.Collections.Concurrent;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;

namespace StepDistill.Tests.Evaluation.Comparisons;

public sealed class ComparisonTests
{
    private static readonly ComparisonPlan Plan = new([Arms.Finetune, Arms.StepByStep], [1], [0, 1]);

    [Fact]
    public async Task Every_cell_is_trained_once_and_none_answers_before_all_are()
    {
        var events = new List<string>();

        var outcomes = await Comparison.RunAsync(
            Plan,
            (cell, _) =>
            {
                events.Add($"train {cell}");
                return Task.CompletedTask;
            },
            (cell, cancellation) =>
            {
                events.Add($"evaluate {cell}");
                return Evaluate(cell, cancellation);
            },
            cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(Plan.Cells, outcomes.Select(outcome => outcome.Cell));
        Assert.Equal([.. Plan.Cells.Select(cell => $"train {cell}"), .. Plan.Cells.Select(cell => $"evaluate {cell}")], events);
        Assert.All(outcomes, outcome => Assert.Null(outcome.Fault));
    }

    [Fact]
    public async Task Several_are_trained_at_a_time_and_their_order_is_kept()
    {
        using var together = new Barrier(2);       // opens only when two are there at once
        var told = new ConcurrentQueue<ComparisonCell>();

        var outcomes = await Comparison.RunAsync(
            Plan,
            (_, stop) => Task.Run(() => Assert.True(together.SignalAndWait(TimeSpan.FromMinutes(1), stop)), stop),
            Evaluate,
            processes: 2,
            new Told(told),
            TestContext.Current.CancellationToken);

        Assert.Equal(Plan.Cells, outcomes.Select(outcome => outcome.Cell));
        Assert.Equal(Plan.Cells, told);
    }

    [Fact]
    public async Task A_run_that_fails_does_not_stop_the_others()
    {
        var outcomes = await Comparison.RunAsync(
            Plan,
            (cell, _) => cell is { Arm: Arms.Finetune, Seed: 0 } ? throw new StepDistillException("The disk is full. Make room.") : Task.CompletedTask,
            (cell, cancellation) => cell is { Arm: Arms.Finetune, Seed: 1 }
                ? throw new InvalidOperationException("Nobody foresaw this.")
                : Evaluate(cell, cancellation),
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

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Comparison.RunAsync(
            Plan,
            async (_, cancellation) =>
            {
                begun++;
                await stop.CancelAsync();
                cancellation.ThrowIfCancellationRequested();
            },
            Evaluate,
            cancellation: stop.Token));

        Assert.Equal(1, begun);
    }

    private static Task<CellResult> Evaluate(ComparisonCell cell, CancellationToken cancellation) =>
        Task.FromResult(Outcomes.Done(cell.Arm, cell.Fraction, cell.Seed, 0.5, rows: 30).Result!);

    private sealed class Told(ConcurrentQueue<ComparisonCell> cells) : IProgress<CellOutcome>
    {
        public void Report(CellOutcome value) => cells.Enqueue(value.Cell);
    }
}
