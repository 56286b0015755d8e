namespace StepDistill.Training.Optimization;

/// <summary>The optimizer's step size as a pure function of the step.</summary>
/// <param name="Peak">The rate after the warm-up.</param>
/// <param name="Steps">Steps of the whole training.</param>
/// <param name="WarmupSteps">Steps over which the rate rises linearly from 0; 0 for none.</param>
/// <param name="Linear">True to fall linearly to 0 at the last step, false to stay.</param>
/// <remarks>
/// Hugging Face's <c>get_linear_schedule_with_warmup</c> and <c>get_constant_schedule_with_warmup</c>
/// (transformers v4.24, <c>optimization.py</c>), which the paper's program uses.
/// </remarks>
public sealed record LearningRate(double Peak, int Steps, int WarmupSteps = 0, bool Linear = true)
{
    /// <summary>The rate of one update.</summary>
    /// <param name="step">The update, from 0.</param>
    public double At(int step) =>
        step < WarmupSteps ? Peak * step / WarmupSteps
        : Linear ? Peak * Math.Max(0, Steps - step) / Math.Max(1, Steps - WarmupSteps)
        : Peak;
}
