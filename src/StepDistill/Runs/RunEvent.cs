using System.Text.Json.Serialization;

namespace StepDistill.Runs;

/// <summary>
/// Something that happened in a run. The set is closed: everything that reads a log knows every kind.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(RunStarted), "started")]
[JsonDerivedType(typeof(Planned), "planned")]
[JsonDerivedType(typeof(StepTaken), "step")]
[JsonDerivedType(typeof(Evaluated), "evaluated")]
[JsonDerivedType(typeof(CheckpointWritten), "checkpoint")]
[JsonDerivedType(typeof(Resumed), "resumed")]
[JsonDerivedType(typeof(StoppedEarly), "stopped_early")]
[JsonDerivedType(typeof(Finished), "finished")]
[JsonDerivedType(typeof(Failed), "failed")]
public abstract record RunEvent
{
    private protected RunEvent()
    {
    }

    /// <summary>When it happened; set by the <see cref="RunLog"/>.</summary>
    [JsonPropertyOrder(-2)]
    public DateTimeOffset At { get; init; }

    /// <summary>Updates of the weights that had been done by then.</summary>
    [JsonPropertyOrder(-1)]
    public int Step { get; init; }
}

/// <summary>A run begins, at step 0.</summary>
/// <param name="Identity">The hash of its <see cref="RunIdentity"/>.</param>
/// <param name="Name">Its folder's name.</param>
/// <param name="MaxSteps">Steps it will take at most.</param>
/// <param name="Examples">Training examples.</param>
/// <param name="Parameters">Numbers that are trained.</param>
public sealed record RunStarted(string Identity, string Name, int MaxSteps, int Examples, long Parameters) : RunEvent;

/// <summary>How steps are computed so that they fit into memory. A run that goes on computes them in the same way, to the same bits.</summary>
/// <param name="TokensPerPart">Most tokens computed at a time; 0 for all of a step's.</param>
/// <param name="Recompute">Whether blocks are computed again in the backward pass instead of kept.</param>
/// <param name="Bytes">What that takes at its most, as planned.</param>
/// <param name="AvailableBytes">What was available. Differs from run to run.</param>
public sealed record Planned(int TokensPerPart, bool Recompute, long Bytes, long AvailableBytes) : RunEvent;

/// <summary>The weights were updated. Losses are in nats per target token.</summary>
/// <param name="Loss">What was minimised.</param>
/// <param name="LabelLoss">The label task's share of it, unweighted.</param>
/// <param name="GradientNorm">The gradient's length before clipping.</param>
/// <param name="LearningRate">The optimizer's step size.</param>
public sealed record StepTaken(double Loss, double LabelLoss, double GradientNorm, double LearningRate) : RunEvent
{
    /// <summary>The rationale task's share of the loss, unweighted; null where the step had no rationale.</summary>
    public double? RationaleLoss { get; init; }

    /// <summary>Examples a second since the last such event. Timing: differs from run to run.</summary>
    public double? ExamplesPerSecond { get; init; }

    /// <summary>Source and target tokens a second since the last such event. Timing: differs from run to run.</summary>
    public double? TokensPerSecond { get; init; }
}

/// <summary>The validation rows were answered.</summary>
/// <param name="Score">The value that selects weights, from 0 to 1: the accuracy.</param>
/// <param name="IsBest">Whether this is the best score so far.</param>
/// <param name="Metrics">Every value by name, such as <c>accuracy</c> and <c>loss</c>.</param>
public sealed record Evaluated(double Score, bool IsBest, IReadOnlyDictionary<string, double> Metrics) : RunEvent;

/// <summary>A checkpoint is on the disk. It was begun after <see cref="RunEvent.Step"/>; later steps may come before this event.</summary>
public sealed record CheckpointWritten : RunEvent
{
    /// <summary>Seconds for which training stood still to begin it. Timing: differs from run to run.</summary>
    public double? SecondsWaited { get; init; }
}

/// <summary>The run goes on from the checkpoint of this step.</summary>
public sealed record Resumed : RunEvent;

/// <summary>Training stopped before its last step because the score no longer rose.</summary>
/// <param name="BestStep">The step with the best score.</param>
/// <param name="BestScore">That score.</param>
public sealed record StoppedEarly(int BestStep, double BestScore) : RunEvent;

/// <summary>The run is finished.</summary>
/// <param name="BestStep">The step whose weights were kept.</param>
/// <param name="BestScore">Its score on the validation rows.</param>
/// <param name="Seconds">Seconds spent training, over all resumptions. Timing: differs from run to run.</param>
public sealed record Finished(int BestStep, double BestScore, double Seconds) : RunEvent;

/// <summary>The run ended without a result.</summary>
/// <param name="Message">What was found, and what to do.</param>
public sealed record Failed(string Message) : RunEvent;
