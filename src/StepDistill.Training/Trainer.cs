using StepDistill.Batches;
using StepDistill.Evaluation;
using StepDistill.Runs;
using StepDistill.Training.Checkpoints;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;

namespace StepDistill.Training;

/// <summary>The training loop: read it to know what training does.</summary>
/// <remarks>
/// Chance is drawn anew at every step from seed and step, so that a run that was killed at any step and goes on from a
/// checkpoint ends in the same weights, bit for bit, as one that was not. The generator is one for the whole process:
/// only one training may run in a process at a time.
/// </remarks>
internal sealed class Trainer
{
    /// <summary>The student.</summary>
    public required T5Network Network { get; init; }

    /// <summary>What it learns from.</summary>
    public required IReadOnlyList<EncodedRow> Examples { get; init; }

    /// <summary>Which examples each step sees.</summary>
    public required BatchOrder Order { get; init; }

    /// <summary>How the two tasks are joined.</summary>
    public required StepByStepLoss Loss { get; init; }

    /// <summary>The step size, and how many steps there are.</summary>
    public required LearningRate LearningRate { get; init; }

    /// <summary>Updates the student's parameters.</summary>
    public required Optimizer Optimizer { get; init; }

    /// <summary>Gradients are scaled down to this norm; 0 leaves them.</summary>
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>In how many parts a step is computed.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Most tokens that are computed at a time; 0 for all of a step's.</summary>
    public int TokensPerPart { get; init; }

    /// <summary>Whether blocks are computed again in the backward pass instead of kept.</summary>
    public bool Recompute { get; init; }

    /// <summary>Decides every random choice.</summary>
    public int Seed { get; init; }

    /// <summary>Steps between two looks at the validation rows.</summary>
    public required int EvaluateEverySteps { get; init; }

    /// <summary>Steps between two checkpoints; 0 for one at every look.</summary>
    public int CheckpointEverySteps { get; init; }

    /// <summary>Looks without a better score after which training stops; 0 never stops.</summary>
    public int Patience { get; init; }

    /// <summary>Answers the validation rows and names what was measured; <c>accuracy</c> decides which weights are kept.</summary>
    public required Func<CancellationToken, IReadOnlyDictionary<string, double>> Evaluate { get; init; }

    /// <summary>Where checkpoints go.</summary>
    public required CheckpointFolder Checkpoints { get; init; }

    /// <summary>Whether training goes on while a checkpoint is written.</summary>
    public bool CheckpointBesideTraining { get; init; } = true;

    /// <summary>Told of everything that happens.</summary>
    public required Action<RunEvent> Report { get; init; }

    /// <summary>Tells how long things take.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Trains to the last step, or until the score no longer rises.</summary>
    /// <param name="state">Where to go on; weights and optimizer are already there.</param>
    /// <param name="cancellation">Stops after the step under way and leaves a checkpoint of it.</param>
    /// <returns>Where training ended. The network holds the last weights, not the best.</returns>
    /// <exception cref="StepDistillException">
    /// The loss is no longer a number, and what explains it is saved; or a checkpoint could not be written.
    /// </exception>
    /// <exception cref="OperationCanceledException">Training was stopped; a checkpoint of the last step is on the disk.</exception>
    public TrainerState Run(TrainerState state, CancellationToken cancellation = default)
    {
        using var step = new TrainStep(Network, Loss, Optimizer, MaxGradNorm) { TokenBudget = TokensPerPart, Again = Recompute };
        var pace = new Pace(Clock, state.Seconds);
        using var writer = new CheckpointWriter(Checkpoints.Write, Network, Optimizer, Clock, Report)
        {
            Beside = CheckpointBesideTraining,
            Newest = state == TrainerState.Start ? null : state,
        };
        Network.train();
        while (true)
        {
            if (LookDue(state))
            {
                state = Look(writer, state, cancellation) with { Seconds = pace.Elapsed };
                pace.Restart();
            }

            if (state.Step > 0 && CheckpointDue(state))
            {
                writer.Begin(state, BestStep(state));
            }

            if (state.Step >= LearningRate.Steps || Judge(state).ShouldStop)
            {
                break;
            }

            StopIfAsked(writer, state, cancellation);
            state = Step(step, writer, state, pace);
            writer.FinishIfWritten();
        }

        writer.Finish();
        if (state.Step < LearningRate.Steps)
        {
            var judged = Judge(state);
            Report(new StoppedEarly(state.Looks[judged.BestIndex].Step, judged.BestScore) { Step = state.Step });
        }

        return state;
    }

    private bool LookDue(TrainerState state) =>
        state.Step > 0
        && (state.Step % EvaluateEverySteps == 0 || state.Step == LearningRate.Steps)
        && (state.Looks.Count == 0 || state.Looks[^1].Step != state.Step);

    private bool CheckpointDue(TrainerState state)
    {
        var looked = state.Looks.Count > 0 && state.Looks[^1].Step == state.Step;
        return state.Step == LearningRate.Steps
            || (looked && Judge(state).LastIsBest)
            || (CheckpointEverySteps == 0 ? looked : state.Step % CheckpointEverySteps == 0);
    }

    private TrainerState Step(TrainStep step, CheckpointWriter writer, TrainerState state, Pace pace)
    {
        var batch = Select(state.Step);
        var rate = LearningRate.At(state.Step);
        var result = step.Run(batch, rate, ChanceOf(Seed, state.Step), Parts);
        if (!result.IsFinite)
        {
            throw NotANumber(writer, state, batch, rate, result);
        }

        pace.Add(batch);
        state = state with { Step = state.Step + 1, Seconds = pace.Elapsed };
        Report(pace.Stamp(new StepTaken(result.Loss, result.LabelLoss, result.GradientNorm, rate)
        {
            Step = state.Step,
            RationaleLoss = result.RationaleLoss,
        }));
        return state;
    }

    private void StopIfAsked(CheckpointWriter writer, TrainerState state, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            Checkpoint(writer, state);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private TrainerState Look(CheckpointWriter writer, TrainerState state, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, double> metrics;
        Network.eval();
        try
        {
            metrics = Evaluate(cancellation);
        }
        catch (OperationCanceledException)
        {
            Checkpoint(writer, state);      // the look itself is done again
            throw;
        }

        Network.train();
        var look = new Look(state.Step, metrics["accuracy"]);
        state = state with { Looks = [.. state.Looks, look] };
        Report(new Evaluated(look.Score, Judge(state).LastIsBest, metrics) { Step = state.Step });
        return state;
    }

    /// <summary>Leaves a checkpoint on the disk before training ends.</summary>
    private void Checkpoint(CheckpointWriter writer, TrainerState state)
    {
        writer.Begin(state, BestStep(state));
        writer.Finish();
    }

    /// <summary>The step with the best score so far; null before the first look.</summary>
    private int? BestStep(TrainerState state)
    {
        var best = Judge(state).BestIndex;
        return best < 0 ? null : state.Looks[best].Step;
    }

    private EarlyStopping Judge(TrainerState state) => EarlyStopping.Judge([.. state.Looks.Select(look => look.Score)], Patience);

    /// <summary>The examples of one step, each with the rationale that is its epoch's.</summary>
    private List<EncodedExample> Select(int step)
    {
        var batch = Order.Batch(step);
        var selected = new List<EncodedExample>(batch.Length);
        foreach (var index in batch)
        {
            selected.Add(Examples[index].In(step / Order.StepsPerEpoch, Seed));
        }

        return selected;
    }

    /// <summary>Seed of one step's dropout.</summary>
    private static ulong ChanceOf(int seed, int step) => new SplitMix64(((ulong)(uint)seed << 32) | (uint)step).Next();

    private StepDistillException NotANumber(
        CheckpointWriter writer, TrainerState state, List<EncodedExample> batch, double rate, StepResult result)
    {
        Checkpoint(writer, state);          // the update was not done: these are the last good weights
        var place = Checkpoints.WriteFailure(state.Step + 1, batch, rate, result);
        return new StepDistillException(
            $"At step {state.Step + 1} the loss is {result.Loss} and the gradient's norm {result.GradientNorm}; both must be numbers. "
            + $"Training stopped before the weights were changed; the step's examples and losses are in {place}, and the weights "
            + $"before it in {Checkpoints.PathOf(state.Step)}. Most often the learning rate ({rate:G3}) is too high: try a tenth of "
            + "it, a longer training.warmup_steps or a lower training.max_grad_norm, under another name.");
    }
}
