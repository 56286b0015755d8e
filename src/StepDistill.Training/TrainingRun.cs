using System.Globalization;
using StepDistill.Annotations;
using StepDistill.Batches;
using StepDistill.Evaluation;
using StepDistill.Files;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Students;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Tokenizers;
using StepDistill.Training.Checkpoints;
using StepDistill.Training.Devices;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Training;

/// <summary>The whole of one run: a recipe in, a trained student in a folder of its own out.</summary>
/// <remarks>
/// Running it again on the same folder goes on where it was; a finished run is left as it is. Test rows are not touched.
/// </remarks>
public sealed class TrainingRun
{
    // Measured on the paper's tasks: adapters learn at 5e-4 and hardly move at 5e-5.
    private const double LowestRateOfAdapters = 1e-4;

    /// <summary>What to do, every preset and override resolved, all paths absolute.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>Its task.</summary>
    public required TaskSpec Task { get; init; }

    /// <summary>Its rows.</summary>
    public required TaskSplits Splits { get; init; }

    /// <summary>Where the recipe's runs are.</summary>
    public required RecipeFolder Folder { get; init; }

    /// <summary>What else to call the run, to keep it apart from runs with other settings; may be empty.</summary>
    public string Variant { get; init; } = "";

    /// <summary>Whose stored annotations are used; nobody is asked.</summary>
    public required ITeacher Teacher { get; init; }

    /// <summary>Where they are.</summary>
    public required IAnnotationStore Store { get; init; }

    /// <summary>Finds the folder that <c>student.from</c> stands for, fetching it where need be.</summary>
    public required Func<string, CancellationToken, Task<string>> FindStudent { get; init; }

    /// <summary>Told of everything that happens, beside the run's log.</summary>
    public Action<RunEvent> Report { get; init; } = _ => { };

    /// <summary>Told in a sentence what a person should know and no event says, such as a damaged checkpoint.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>How many bytes of memory can be taken.</summary>
    internal Func<long> AvailableMemory { get; init; } = Devices.AvailableMemory.Now;

    /// <summary>Tells the time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Trains, and leaves student, validation report and manifest in the run's folder.</summary>
    /// <param name="cancellation">Stops after the step under way; a checkpoint is left to go on from.</param>
    /// <exception cref="StepDistillException">Rows, annotations, student or folder cannot be used, or the loss is not a number.</exception>
    /// <exception cref="OperationCanceledException">Training was stopped.</exception>
    public async Task<RunManifest> RunAsync(CancellationToken cancellation = default)
    {
        NativeLibraries.Require();
        var folder = Folder.Run(Recipe.Training, Variant);
        var data = await TrainingSet.ReadAsync(Recipe, Task, Splits, Teacher, Store, cancellation).ConfigureAwait(false);
        var from = Recipe.Student.From is { } name ? await FindStudent(name, cancellation).ConfigureAwait(false) : null;

        if (from is not null)
        {
            data = data with { Hashes = new Dictionary<string, string>(data.Hashes) { ["student"] = HashOf(from) } };
        }

        using var hold = RunLock.Take(folder);
        var identity = folder.Claim(Recipe, data.Hashes);
        if (folder.ReadManifest() is { } done)
        {
            return done;
        }

        try
        {
            return Train(folder, identity, data, from, cancellation);
        }
        finally
        {
            NativeHeap.GiveBackWhatIsFree();
        }
    }

    private RunManifest Train(RunFolder folder, RunIdentity identity, TrainingSet data, string? from, CancellationToken cancellation)
    {
        var training = Recipe.Training;
        var device = ComputeDevice.Resolve(training.Device);
        var available = AvailableMemory();
        MemoryNeeds NeedsOf(T5Config config) =>
            MemoryNeeds.Of(config, training, ComputePrecision.Resolve(training.Precision, device, config));
        ScalarType TypeOf(T5Config config)
        {
            // Before any weight is in memory: a training that does not fit shall say so at once.
            MemoryPlan.RequireRoom(NeedsOf(config), training, available);
            return ComputePrecision.Resolve(training.Precision, device, config);
        }

        var start = from is null
            ? StudentStart.FromSeed(Recipe.Student, Folder, data.Texts, data.Hashes["texts"], training.Seed, TypeOf, device)
            : StudentStart.FromFolder(Recipe.Student, from, TypeOf, device);
        using var network = start.Network;
        var encoder = new PairEncoder(
            start.Tokenizer, Recipe.Batches.MaxInputTokens, Recipe.Batches.MaxTargetTokens, RationaleStart(start.Tokenizer));
        var examples = data.Train.Select(encoder.Encode).ToList();
        if (encoder.CutTexts > 0)
        {
            Warn($"{encoder.CutTexts} texts were longer than batches.max_input_tokens or max_target_tokens and lost their ends.");
        }

        if (data.Counts.CutRationales > 0)
        {
            Warn($"{data.Counts.CutRationales} rationales were longer than training.max_rationale_words ({training.MaxRationaleWords}) and lost their ends.");
        }

        if (data.Counts.Dropped.Where(one => one.Filter != "readable").ToList() is { Count: > 0 } dropped)
        {
            Warn($"teacher.keep left out {dropped.Sum(one => one.Answers)} answers: "
                + string.Join("; ", dropped.Select(one => $"{one.Answers} because {one.Reason}")) + ".");
        }

        ChooseWhatLearns(network);
        using var optimizer = Optimizer.Of(training, network.LearningMemory);
        var checkpoints = new CheckpointFolder(folder.Checkpoints)
        {
            Newest = training.KeepCheckpoints,
            KeepEverySteps = training.KeepCheckpointEverySteps,
        };
        var state = checkpoints.Restore(network, optimizer, Warn);

        var plan = state is null
            ? MemoryPlan.Choose(NeedsOf(network.Config), Recipe, examples, available)
            : PlanOf(folder) ?? new(Recipe.Batches.TokensPerPart ?? 0, training.Recompute == "on", 0, available);
        using var log = state is null ? RunLog.Create(folder.Events, Clock) : RunLog.Resume(folder.Events, state.Step, Clock);
        using var board = new TensorBoardLog(folder.TensorBoard, state?.Step ?? 0, Clock);
        void Tell(RunEvent happened)
        {
            log.Append(happened);
            board.Append(happened);
            Report(happened);
        }

        if (state is null)
        {
            Tell(new RunStarted(identity.Hash, folder.Name, training.MaxSteps, examples.Count, network.LearningMemory.LearningCount));
            Tell(new Planned(plan.TokensPerPart, plan.Recompute, plan.Bytes, plan.Available));
        }

        if (plan.TokensPerPart > 0 || plan.Recompute)
        {
            Warn(plan.ToString());
        }

        try
        {
            using var student = StudentOf(network, start.Tokenizer);
            var evaluator = new Evaluator(Task) { BatchSize = Recipe.Evaluation.BatchSize, Clock = Clock };
            var trained = new Trainer
            {
                Network = network,
                Examples = examples,
                Order = Recipe.Batches.Order == "paper"
                    ? new PaperOrder(examples.Count, Recipe.Batches.BatchSize, training.Seed)
                    : new ShuffledOrder(examples.Count, Recipe.Batches.BatchSize, training.Seed),
                Loss = LossOf(training),
                LearningRate = new(training.LearningRate, training.MaxSteps, training.WarmupSteps, training.Schedule == "linear"),
                Optimizer = optimizer,
                MaxGradNorm = training.MaxGradNorm,
                Parts = training.GradientAccumulation,
                TokensPerPart = plan.TokensPerPart,
                Recompute = plan.Recompute,
                Seed = training.Seed,
                EvaluateEverySteps = Recipe.Evaluation.EverySteps,
                CheckpointEverySteps = training.CheckpointEverySteps,
                Patience = Recipe.Evaluation.Patience,
                Evaluate = stop => evaluator.Evaluate(student, data.Validation, folder.Name, "validation", cancellation: stop).Metrics,
                Checkpoints = checkpoints,
                CheckpointBesideTraining = training.CheckpointBesideTraining,
                Report = Tell,
                Clock = Clock,
            }.Run(state ?? TrainerState.Start, cancellation);

            var best = trained.Looks[EarlyStopping.Judge([.. trained.Looks.Select(look => look.Score)], 0).BestIndex];
            checkpoints.LoadWeights(best.Step, network);
            var report = evaluator.Evaluate(student, data.Validation, folder.Name, "validation", cancellation: cancellation);
            report.Write(folder.Evaluation("validation"));
            var manifest = Manifest(identity, data, network, trained, best, report);
            SaveStudent(folder.Student, manifest, data, start);
            Tell(new Finished(best.Step, best.Score, trained.Seconds) { Step = trained.Step });
            folder.WriteManifest(manifest);
            return manifest;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            TellFailure(e.Message);
            throw;
        }

        void TellFailure(string message)
        {
            try
            {
                Tell(new Failed(message));
            }
            catch (Exception e) when (e is IOException or StepDistillException)
            {
                // A disk that is full takes no line about it either; what was found first is what counts.
            }
        }
    }

    /// <summary>How the run's steps were computed until now; null where its log does not say.</summary>
    private static MemoryPlan? PlanOf(RunFolder folder) =>
        RunLog.Read(folder.Events).OfType<Planned>().LastOrDefault() is { } planned
            ? new(planned.TokensPerPart, planned.Recompute, planned.Bytes, planned.AvailableBytes)
            : null;

    /// <summary>Freezes what the recipe says, and puts adapters beside the rest where it wants them.</summary>
    private void ChooseWhatLearns(T5Network network)
    {
        var training = Recipe.Training;
        T5Freezing.Apply(network, training.Freeze ?? []);
        if (training.Lora.Rank == 0)
        {
            return;
        }

        T5Adapters.Attach(network, training.Lora, training.Seed);
        if (training.LearningRate < LowestRateOfAdapters)
        {
            Warn(string.Create(
                CultureInfo.InvariantCulture,
                $"training.lora learns at a training.learning_rate of {training.LearningRate:G3}, which is low for adapters: 5e-4 is usual."));
        }
    }

    /// <summary>What a student's folder holds: names and content of its files.</summary>
    private static string HashOf(string folder) => ContentHash.Of(
        Directory.EnumerateFiles(folder)
            .Where(file => Path.GetExtension(file) is ".json" or ".safetensors" or ".bin" or ".model")
            .Order(StringComparer.Ordinal)
            .SelectMany(file => new[] { Path.GetFileName(file), ContentHash.OfFile(file) }));

    /// <summary>What is put before an input to get a label and a rationale; null where the arm gives no rationale of its own.</summary>
    private (string Label, string? Rationale) Prefixes => Recipe.Training switch
    {
        { Arm: not Arms.StepByStep } => ("", null),
        { TaskMark: "decoder" } => ("", ""),
        var training => (training.LabelPrefix, training.RationalePrefix),
    };

    /// <summary>The id from which the decoder starts a rationale, where that marks the task.</summary>
    private int? RationaleStart(Tokenizer tokenizer) =>
        Recipe.Training is { Arm: Arms.StepByStep, TaskMark: "decoder" } ? DecoderMark.RationaleStart(tokenizer) : null;

    private TorchStudent StudentOf(T5Network network, Tokenizer tokenizer) => new(
        network, tokenizer,
        Prefixes.Label, Prefixes.Rationale)
    {
        RationaleStart = RationaleStart(tokenizer),
        SingleTask = Recipe.Training.Arm == Arms.SingleTask,
        MaxInputTokens = Recipe.Batches.MaxInputTokens,
        MaxTokens = Recipe.Evaluation.MaxTokens,
        Beams = Recipe.Evaluation.Beams,
        BatchSize = Recipe.Evaluation.BatchSize,
    };

    private static StepByStepLoss LossOf(TrainingSection training)
    {
        var loss = training.Arm is not Arms.StepByStep ? StepByStepLoss.LabelOnly
            : training.Lambda is { } lambda ? StepByStepLoss.Paper(lambda)
            : StepByStepLoss.Program(training.Alpha);
        return loss with { MutualInformation = training.MutualInformation, LabelSmoothing = training.LabelSmoothing };
    }

    private RunManifest Manifest(
        RunIdentity identity, TrainingSet data, T5Network network, TrainerState trained, Look best, EvaluationReport report)
    {
        var now = Clock.GetUtcNow();
        return new RunManifest
        {
            Identity = identity.Hash,
            Recipe = Recipe,
            Data = data.Hashes,
            Versions = new SortedDictionary<string, string>(RunManifest.CurrentVersions().ToDictionary())
            {
                ["device"] = $"{network.Device.type}".ToLowerInvariant(),
                ["precision"] = $"{network.Memory.Values.dtype}".ToLowerInvariant(),
            },
            StartedAt = now - TimeSpan.FromSeconds(trained.Seconds),
            FinishedAt = now,
            Seconds = trained.Seconds,
            Steps = trained.Step,
            BestStep = best.Step,
            BestScore = best.Score,
            Scores = report.Metrics.ToDictionary(metric => $"validation.{metric.Key}", metric => metric.Value),
        };
    }

    private void SaveStudent(string folder, RunManifest run, TrainingSet data, StudentStart start)
    {
        var training = Recipe.Training;
        StudentFolder.Begin(folder);
        T5ConfigFile.Write(folder, start.Network.Config);
        start.Tokenizer.Save(folder);
        T5Weights.Write(start.Network, Path.Combine(folder, StudentFolder.WeightsName));
        StudentFolder.Seal(folder, new StudentManifest
        {
            Name = Recipe.Name,
            Task = StudentTask.Of(Task),
            Arm = training.Arm,
            LabelPrefix = Prefixes.Label,
            RationalePrefix = Prefixes.Rationale,
            RationaleStart = RationaleStart(start.Tokenizer),
            MaxInputTokens = Recipe.Batches.MaxInputTokens,
            Lineage = new StudentLineage
            {
                Recipe = run.Identity,
                Data = data.Hashes,
                From = Recipe.Student.From,
                Teacher = training.Arm == Arms.Finetune ? null : Teacher.Name,
                Examples = data.Train.Count,
                Steps = run.BestStep,
                Seed = training.Seed,
                Versions = run.Versions,
            },
            Scores = run.Scores,
        });
    }
}
