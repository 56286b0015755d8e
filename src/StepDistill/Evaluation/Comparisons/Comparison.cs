namespace StepDistill.Evaluation.Comparisons;

/// <summary>Carries out the runs of a comparison: trains them all, and only then lets them answer the rows of the report.</summary>
public static class Comparison
{
    /// <summary>Runs every cell of a plan.</summary>
    /// <param name="plan">The cells.</param>
    /// <param name="train">Trains one cell, or finds that a run of the same identity is finished.</param>
    /// <param name="evaluate">Evaluates one cell that is trained, or gives what was found out before.</param>
    /// <param name="processes">How many cells are trained at a time, at least 1.</param>
    /// <param name="progress">Told of every cell that is done or has failed.</param>
    /// <param name="cancellation">Stops the comparison; what is done stays done in the runs' folders.</param>
    /// <returns>
    /// One outcome for each cell, in the plan's order. A run that fails is an outcome, and the others go on.
    /// </returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static async Task<IReadOnlyList<CellOutcome>> RunAsync(
        ComparisonPlan plan,
        Func<ComparisonCell, CancellationToken, Task> train,
        Func<ComparisonCell, CancellationToken, Task<CellResult>> evaluate,
        int processes = 1,
        IProgress<CellOutcome>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(processes, 1);
        var outcomes = plan.Cells.Select(cell => new CellOutcome(cell, Result: null, Fault: null)).ToArray();
        var options = new ParallelOptions { MaxDegreeOfParallelism = processes, CancellationToken = cancellation };
        await Parallel.ForAsync(0, outcomes.Length, options, async (place, stop) =>
        {
            var cell = outcomes[place].Cell;
            if (await FaultOf(() => train(cell, stop), cancellation).ConfigureAwait(false) is { } fault)
            {
                outcomes[place] = outcomes[place] with { Fault = fault };
                progress?.Report(outcomes[place]);
            }
        }).ConfigureAwait(false);

        for (var place = 0; place < outcomes.Length; place++)
        {
            if (outcomes[place] is { Fault: null, Cell: var cell })
            {
                cancellation.ThrowIfCancellationRequested();
                CellResult? result = null;
                var fault = await FaultOf(
                    async () => result = await evaluate(cell, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
                outcomes[place] = new(cell, fault is null ? result : null, fault);
                progress?.Report(outcomes[place]);
            }
        }

        return outcomes;
    }

    private static async Task<string?> FaultOf(Func<Task> work, CancellationToken cancellation)
    {
        try
        {
            await work().ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // Also what nobody foresaw: hours of other runs must not be lost for it, and the report shows it.
            return e is StepDistillException ? e.Message : $"{e.GetType().Name}: {e.Message}";
        }
    }
}
