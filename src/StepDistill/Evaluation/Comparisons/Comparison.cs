namespace StepDistill.Evaluation.Comparisons;

/// <summary>Carries out the runs of a comparison, one after another.</summary>
public static class Comparison
{
    /// <summary>Runs every cell of a plan.</summary>
    /// <param name="plan">The cells.</param>
    /// <param name="run">
    /// Trains and evaluates one cell, or gives what a finished run of the same identity already holds, so that a
    /// comparison that was stopped goes on where it was.
    /// </param>
    /// <param name="progress">Told of every cell that is done.</param>
    /// <param name="cancellation">Stops the comparison; what is done stays done in the runs' folders.</param>
    /// <returns>
    /// One outcome for each cell, in the plan's order. A run that fails is an outcome, and the others go on.
    /// </returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static async Task<IReadOnlyList<CellOutcome>> RunAsync(
        ComparisonPlan plan,
        Func<ComparisonCell, CancellationToken, Task<CellResult>> run,
        IProgress<CellOutcome>? progress = null,
        CancellationToken cancellation = default)
    {
        var outcomes = new List<CellOutcome>();
        foreach (var cell in plan.Cells)
        {
            cancellation.ThrowIfCancellationRequested();
            CellOutcome outcome;
            try
            {
                outcome = new(cell, await run(cell, cancellation).ConfigureAwait(false), Fault: null);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                // Also what nobody foresaw: hours of other runs must not be lost for it, and the report shows it.
                var fault = e is StepDistillException ? e.Message : $"{e.GetType().Name}: {e.Message}";
                outcome = new(cell, Result: null, fault);
            }

            outcomes.Add(outcome);
            progress?.Report(outcome);
        }

        return outcomes;
    }
}
