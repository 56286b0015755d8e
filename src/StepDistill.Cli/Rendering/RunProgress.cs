using System.Globalization;
using StepDistill.Runs;

namespace StepDistill.Cli.Rendering;

/// <summary>Turns the events of a training into progress: the step, the loss, the pace, and the best score so far.</summary>
/// <param name="maxSteps">Steps the training takes at most.</param>
/// <param name="progress">Where to.</param>
internal sealed class RunProgress(int maxSteps, IProgress<Progress> progress)
{
    private string _loss = "";
    private string _best = "";

    /// <summary>Takes an event.</summary>
    public void Report(RunEvent happened)
    {
        switch (happened)
        {
            case StepTaken step:
                _loss = string.Create(CultureInfo.InvariantCulture, $"loss {step.Loss:0.000}");
                break;
            case Evaluated { IsBest: true } look:
                _best = string.Create(CultureInfo.InvariantCulture, $"best {look.Score:P1} at {look.Step:N0}");
                break;
            case Finished:
                progress.Report(new(maxSteps, maxSteps, _best));
                return;
        }

        progress.Report(new(happened.Step, maxSteps, string.Join(", ", new[] { _loss, _best }.Where(text => text.Length > 0))));
    }
}
