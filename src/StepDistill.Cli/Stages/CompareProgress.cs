using System.Globalization;
using StepDistill.Cli.Rendering;
using StepDistill.Evaluation.Comparisons;

namespace StepDistill.Cli.Stages;

/// <summary>One display for all runs of a comparison: steps of all of them together, and what is being done now.</summary>
internal sealed class CompareProgress : IProgress<CellOutcome>
{
    private readonly Lock _gate = new();
    private readonly Func<ComparisonCell, int> _stepsOf;
    private readonly IProgress<Progress> _progress;
    private readonly Dictionary<ComparisonCell, long> _steps = [];
    private readonly int _cells;
    private readonly long _total;
    private readonly HashSet<ComparisonCell> _trained = [];
    private int _evaluated;

    /// <summary>Nothing is done yet.</summary>
    /// <param name="plan">The runs.</param>
    /// <param name="stepsOf">Steps that a run takes at most.</param>
    /// <param name="progress">Where to.</param>
    public CompareProgress(ComparisonPlan plan, Func<ComparisonCell, int> stepsOf, IProgress<Progress> progress)
    {
        (_stepsOf, _progress) = (stepsOf, progress);
        _cells = plan.Cells.Count();
        _total = plan.Cells.Sum(cell => (long)stepsOf(cell));
    }

    /// <summary>Takes the progress of one training.</summary>
    /// <param name="cell">Which.</param>
    public IProgress<Progress> Of(ComparisonCell cell)
    {
        var whole = _stepsOf(cell);
        return new Relay<Progress>(part =>
        {
            lock (_gate)
            {
                if (part.Total == whole)        // bytes are no steps
                {
                    // A log that is read again begins at its first step.
                    _steps[cell] = Math.Max(part.Done, _steps.GetValueOrDefault(cell));
                    if (part.Done == whole)
                    {
                        _trained.Add(cell);
                    }
                }

                var detail = part.Detail.Length == 0 ? "" : $", {part.Detail}";
                Report($"{_trained.Count} of {_cells} runs trained; {cell}{detail}");
            }
        });
    }

    /// <summary>A trained student is about to answer the rows of the report.</summary>
    /// <param name="cell">Which.</param>
    public void Evaluating(ComparisonCell cell)
    {
        lock (_gate)
        {
            _steps[cell] = _stepsOf(cell);
            Report(string.Create(CultureInfo.InvariantCulture, $"student {++_evaluated} of {_cells} answers: {cell}"));
        }
    }

    /// <inheritdoc/>
    public void Report(CellOutcome value)
    {
        lock (_gate)
        {
            _steps[value.Cell] = _stepsOf(value.Cell);
            if (value.Fault is not null)
            {
                Report($"{value.Cell} failed");
            }
        }
    }

    private void Report(string detail) => _progress.Report(new(_steps.Values.Sum(), _total, detail));
}
