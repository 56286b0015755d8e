using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using StepDistill.Batches;
using StepDistill.Files;
using StepDistill.Students.Weights;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace StepDistill.Training.Checkpoints;

/// <summary>The checkpoints of one run: <c>checkpoint-STEP</c> with weights, optimizer and position.</summary>
/// <remarks>
/// A checkpoint is written under another name, flushed, and renamed when it is whole; its <c>state.json</c>, written
/// last, holds the SHA-256 of the other files and of itself. A process that is killed at any moment leaves the newest
/// checkpoint whole or the one before it. Weights bear their published names, so that a checkpoint opens in Hugging
/// Face's transformers beside the student's <c>config.json</c>.
/// </remarks>
/// <param name="root">The folder.</param>
internal sealed class CheckpointFolder(string root)
{
    private const string Weights = "model.safetensors";
    private const string Moments = "optimizer.safetensors";
    private const string Adapters = "adapter_model.safetensors";       // as Hugging Face's peft calls it
    private const string State = "state.json";
    private const string Prefix = "checkpoint-";
    private const string Unfinished = ".tmp";
    private const string Replaced = ".old";
    private const int MostStateBytes = 1 << 26;     // looks take some 60 bytes each

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>How many of the newest checkpoints are kept, besides the best.</summary>
    public int Newest { get; init; } = 2;

    /// <summary>Checkpoints whose step is a multiple of this are kept for good; 0 for none.</summary>
    public int KeepEverySteps { get; init; }

    /// <summary>The folder of one checkpoint.</summary>
    /// <param name="step">Its step.</param>
    public string PathOf(int step) => Path.Combine(root, Prefix + step.ToString(CultureInfo.InvariantCulture));

    /// <summary>Writes a checkpoint, then removes older ones.</summary>
    /// <param name="content">What it shall hold.</param>
    /// <param name="keep">A step whose checkpoint must stay, or null.</param>
    /// <exception cref="StepDistillException">The disk is full or cannot be written; earlier checkpoints are untouched.</exception>
    public void Write(CheckpointContent content, int? keep)
    {
        var place = PathOf(content.State.Step);
        var unfinished = place + Unfinished;
        try
        {
            Remove(unfinished);
            Directory.CreateDirectory(unfinished);
            WriteNumbers(Path.Combine(unfinished, Weights), content.Weights);
            WriteNumbers(Path.Combine(unfinished, Moments), content.Moments);
            if (content.Adapters.Count > 0)
            {
                WriteNumbers(Path.Combine(unfinished, Adapters), content.Adapters);
            }

            var saved = new SavedState(
                content.State, content.OptimizerSteps, NameOf(content.Precision),
                ContentHash.OfFile(Path.Combine(unfinished, Weights)), ContentHash.OfFile(Path.Combine(unfinished, Moments)),
                content.Adapters.Count == 0 ? null : ContentHash.OfFile(Path.Combine(unfinished, Adapters)), null);
            AtomicFile.WriteText(
                Path.Combine(unfinished, State), JsonSerializer.Serialize(saved with { StateSha256 = saved.Hash() }, Json));
            Replace(place, unfinished);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RemoveIfPossible(unfinished);       // what is half written would only take room
            throw new StepDistillException(
                $"The checkpoint of step {content.State.Step} could not be written to {place}: {e.Message} Earlier checkpoints are "
                + "untouched. Make room, then run the same command again: training goes on from the newest of them.", e);
        }

        RemoveOld(content.State.Step, keep);
    }

    /// <summary>Brings network and optimizer back to the newest checkpoint that is whole.</summary>
    /// <param name="network">Gets the weights.</param>
    /// <param name="optimizer">Gets the moments.</param>
    /// <param name="damaged">Told of each newer checkpoint that had to be passed over, in a sentence.</param>
    /// <returns>Where the training stands; null where there is no checkpoint at all.</returns>
    /// <exception cref="StepDistillException">
    /// There are checkpoints, but none is whole; or the newest is of a training in another precision or with another optimizer.
    /// </exception>
    public TrainerState? Restore(T5Network network, Optimizer optimizer, Action<string> damaged)
    {
        TidyUp();
        var faults = new List<string>();
        foreach (var step in Steps().Reverse())
        {
            if (TryRead(step, out var saved, out var fault))
            {
                faults.ForEach(damaged);
                CheckPrecision(step, saved.Precision ?? NameOf(ScalarType.Float32), NameOf(network.Memory.Values.dtype));
                ReadWeights(step, network);
                ReadMoments(step, network, optimizer);
                optimizer.Steps = saved.OptimizerSteps;
                return saved.State;
            }

            faults.Add(fault);
        }

        return faults.Count == 0
            ? null
            : throw new StepDistillException(
                $"No checkpoint in {root} is whole: {string.Join(" ", faults)} Delete the run's folder to train from the beginning.");
    }

    /// <summary>Gives a network the weights of one step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="network">Gets the weights; where adapters learn in their place, those alone.</param>
    /// <exception cref="StepDistillException">The checkpoint is missing or damaged.</exception>
    public void LoadWeights(int step, T5Network network)
    {
        if (!TryRead(step, out _, out var fault))
        {
            throw new StepDistillException(
                $"The weights of step {step}, the best of the run, are lost: {fault} Delete the run's folder to train from the beginning.");
        }

        ReadWeights(step, network);
    }

    /// <summary>Saves what explains a loss that is not a number.</summary>
    /// <returns>The file.</returns>
    public string WriteFailure(int step, IReadOnlyList<EncodedExample> batch, double learningRate, StepResult result)
    {
        var place = Path.Combine(root, $"failed-step-{step.ToString(CultureInfo.InvariantCulture)}.json");
        AtomicFile.WriteText(place, JsonSerializer.Serialize(new { Step = step, LearningRate = learningRate, Result = result, Examples = batch }, Json));
        return place;
    }

    private bool TryRead(int step, out SavedState saved, out string fault)
    {
        (saved, fault) = (null!, "");
        var place = PathOf(step);
        try
        {
            saved = ReadState(Path.Combine(place, State));
            if (saved.Fault(step) is { } why)
            {
                fault = $"{Path.Combine(place, State)} is damaged: {why}.";
                return false;
            }

            foreach (var (file, hash) in new[] { (Weights, saved.WeightsSha256), (Moments, saved.MomentsSha256), (Adapters, saved.AdaptersSha256) })
            {
                if (hash is not null && ContentHash.OfFile(Path.Combine(place, file)) != hash)
                {
                    fault = $"{Path.Combine(place, file)} is damaged: its content does not match its checksum.";
                    return false;
                }
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            fault = $"{place} is damaged: {e.Message}";
            return false;
        }
    }

    private static SavedState ReadState(string path)
    {
        using var file = File.OpenRead(path);
        return file.Length > MostStateBytes
            ? throw new JsonException($"{State} has {file.Length} bytes; the state of a training has at most {MostStateBytes}.")
            : JsonSerializer.Deserialize<SavedState>(file, Json) ?? throw new JsonException($"{State} holds null.");
    }

    private void CheckPrecision(int step, string there, string here)
    {
        if (there != here)
        {
            throw new StepDistillException(
                $"The checkpoint {PathOf(step)} is of a training that computes in {there}, and this one would go on in {here}: the "
                + $"student would be neither's. Go on with --set training.precision={there}; or, to train in {here} from the "
                + "beginning, delete the run's folder or give the recipe another name (--set name=NAME).");
        }
    }

    private void ReadWeights(int step, T5Network network)
    {
        if (network.Adapters is { } adapters)
        {
            adapters.Read(Path.Combine(PathOf(step), Adapters));
            return;
        }

        using var files = WeightFiles.Open(Path.Combine(PathOf(step), Weights));
        T5Weights.Read(network, files);
    }

    private void ReadMoments(int step, T5Network network, Optimizer optimizer)
    {
        using var frozen = torch.no_grad();
        using var files = WeightFiles.Open(Path.Combine(PathOf(step), Moments));
        foreach (var (tensor, values) in CheckpointContent.MomentsOf(network, optimizer))
        {
            if (files.Find(tensor.Name) is not { } found || !found.Shape.SequenceEqual(tensor.Shape))
            {
                throw new StepDistillException(
                    $"{files.Path} has no '{tensor.Name}' of the shape [{string.Join(", ", tensor.Shape)}]: the checkpoint is of a "
                    + "training with another optimizer. Go on with the version and settings that wrote it, or delete the run's "
                    + "folder to train from the beginning.");
            }

            var numbers = new float[values.numel()];
            files.Read(tensor.Name, numbers);
            using var read = torch.tensor(numbers, values.shape);
            values.copy_(read);
        }
    }

    private static void WriteNumbers(string path, IReadOnlyList<CheckpointNumbers> all)
    {
        var named = all.ToDictionary(numbers => numbers.Tensor.Name);
        SafetensorsFile.Write(path, all.Select(numbers => numbers.Tensor), (tensor, stream) => named[tensor.Name].Write(stream));
    }

    private static string NameOf(ScalarType precision) => precision == ScalarType.BFloat16 ? "bfloat16" : "float32";

    /// <summary>Puts a finished checkpoint into its place. At every moment one of the two is there under a name that counts.</summary>
    private static void Replace(string place, string finished)
    {
        if (Directory.Exists(place))
        {
            Remove(place + Replaced);
            Directory.Move(place, place + Replaced);
        }

        Directory.Move(finished, place);
        Remove(place + Replaced);
    }

    /// <summary>Removes checkpoints that no rule keeps, and newer ones: those were passed over as damaged.</summary>
    private void RemoveOld(int current, int? keep)
    {
        var steps = Steps().ToList();
        var kept = steps.Where(step => step <= current).TakeLast(Newest).ToHashSet();
        foreach (var step in steps.Where(step => !kept.Contains(step) && step != keep && !(step < current && IsMilestone(step))))
        {
            RemoveIfPossible(PathOf(step));
        }
    }

    private bool IsMilestone(int step) => KeepEverySteps > 0 && step % KeepEverySteps == 0;

    /// <summary>Clears away what a process that was killed has left.</summary>
    private void TidyUp()
    {
        foreach (var folder in Folders(Replaced))
        {
            if (Directory.Exists(folder[..^Replaced.Length]))
            {
                RemoveIfPossible(folder);
            }
            else
            {
                Directory.Move(folder, folder[..^Replaced.Length]);
            }
        }

        foreach (var folder in Folders(Unfinished))
        {
            RemoveIfPossible(folder);
        }
    }

    private List<string> Folders(string suffix) => !Directory.Exists(root) ? [] :
        [.. Directory.EnumerateDirectories(root, Prefix + "*").Where(folder => folder.EndsWith(suffix, StringComparison.Ordinal))];

    /// <summary>Steps that have a checkpoint under its final name, oldest first.</summary>
    private IEnumerable<int> Steps() =>
        from folder in Folders("")
        let name = Path.GetFileName(folder)
        let step = int.TryParse(name[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : -1
        where step >= 0 && name == Path.GetFileName(PathOf(step))
        orderby step
        select step;

    /// <summary>Removes a folder. Renamed first: a process that is killed meanwhile leaves no half of it under its name.</summary>
    private static void Remove(string folder)
    {
        if (Directory.Exists(folder) && !folder.EndsWith(Unfinished, StringComparison.Ordinal))
        {
            Remove(folder + Unfinished);
            Directory.Move(folder, folder + Unfinished);
            folder += Unfinished;
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void RemoveIfPossible(string folder)
    {
        try
        {
            Remove(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It takes room and does no other harm.
        }
    }

    /// <param name="State">Where the training stands.</param>
    /// <param name="OptimizerSteps">Updates that the optimizer has done.</param>
    /// <param name="Precision">What the network computed in; null in checkpoints that are older than the choice: float32.</param>
    /// <param name="WeightsSha256">Of the weights' file.</param>
    /// <param name="MomentsSha256">Of the moments' file.</param>
    /// <param name="AdaptersSha256">Of the adapters' file; null where there are none.</param>
    /// <param name="StateSha256">Of all this without itself; null in checkpoints that are older than it.</param>
    private sealed record SavedState(
        TrainerState State, int OptimizerSteps, string? Precision, string WeightsSha256, string MomentsSha256,
        string? AdaptersSha256, string? StateSha256)
    {
        public string Hash() => ContentHash.Of(JsonSerializer.Serialize(this with { StateSha256 = null }, Json));

        /// <summary>What is wrong with it as the state of one step; null where nothing is.</summary>
        public string? Fault(int step) => this switch
        {
            { State: null } => "it does not say where the training stands",
            { State.Looks: var looks } when looks is null || looks.Contains(null!) => "a look at the validation rows is missing",
            { State.Step: var says } when says != step => $"it is of step {says}",
            { OptimizerSteps: < 0 } => $"it counts {OptimizerSteps} updates",
            { StateSha256: { } hash } when hash != Hash() => "its content does not match its checksum",
            _ => null,
        };
    }
}
