using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using StepDistill.Batches;
using StepDistill.Files;
using StepDistill.Students.Weights;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Optimization;
using TorchSharp;

namespace StepDistill.Training.Checkpoints;

/// <summary>The checkpoints of one run: <c>checkpoint-STEP</c> with weights, optimizer and position.</summary>
/// <remarks>
/// A checkpoint is written under another name, flushed, and renamed when it is whole; its <c>state.json</c>, written
/// last, holds the SHA-256 of the other files. Weights bear their published names, so that a checkpoint opens in
/// Hugging Face's transformers beside the student's <c>config.json</c>. The newest two and the best are kept.
/// </remarks>
/// <param name="root">The folder.</param>
internal sealed class CheckpointFolder(string root)
{
    private const string Weights = "model.safetensors";
    private const string Moments = "optimizer.safetensors";
    private const string Adapters = "adapter_model.safetensors";       // as Hugging Face's peft calls it
    private const string State = "state.json";
    private const string Prefix = "checkpoint-";
    private const int Newest = 2;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The folder of one checkpoint.</summary>
    /// <param name="step">Its step.</param>
    public string PathOf(int step) => Path.Combine(root, Prefix + step.ToString(CultureInfo.InvariantCulture));

    /// <summary>Writes a checkpoint, then removes older ones.</summary>
    /// <param name="state">Where the training stands.</param>
    /// <param name="network">Its weights.</param>
    /// <param name="optimizer">Its moments, for the same weights in the same order.</param>
    /// <param name="keep">A step whose checkpoint must stay, or null.</param>
    /// <exception cref="StepDistillException">The disk is full or cannot be written; earlier checkpoints are untouched.</exception>
    public void Write(TrainerState state, T5Network network, Optimizer optimizer, int? keep)
    {
        var place = PathOf(state.Step);
        var unfinished = place + ".tmp";
        try
        {
            Remove(unfinished);
            Directory.CreateDirectory(unfinished);
            T5Weights.Write(network, Path.Combine(unfinished, Weights));
            WriteMoments(Path.Combine(unfinished, Moments), network, optimizer);
            network.Adapters?.Write(Path.Combine(unfinished, Adapters));
            var saved = new SavedState(
                state, optimizer.Steps,
                ContentHash.OfFile(Path.Combine(unfinished, Weights)), ContentHash.OfFile(Path.Combine(unfinished, Moments)),
                network.Adapters is null ? null : ContentHash.OfFile(Path.Combine(unfinished, Adapters)));
            AtomicFile.WriteText(Path.Combine(unfinished, State), JsonSerializer.Serialize(saved, Json));
            Remove(place);
            Directory.Move(unfinished, place);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StepDistillException(
                $"The checkpoint of step {state.Step} could not be written to {place}: {e.Message} Earlier checkpoints are "
                + "untouched. Make room, then run the same command again: training goes on from the newest of them.", e);
        }

        foreach (var step in Steps().SkipLast(Newest).Where(step => step != keep))
        {
            Remove(PathOf(step));
        }
    }

    /// <summary>Brings network and optimizer back to the newest checkpoint that is whole.</summary>
    /// <param name="network">Gets the weights.</param>
    /// <param name="optimizer">Gets the moments.</param>
    /// <param name="damaged">Told of each newer checkpoint that had to be passed over, in a sentence.</param>
    /// <returns>Where the training stands; null where there is no checkpoint at all.</returns>
    /// <exception cref="StepDistillException">There are checkpoints, but none is whole.</exception>
    public TrainerState? Restore(T5Network network, Optimizer optimizer, Action<string> damaged)
    {
        var faults = new List<string>();
        foreach (var step in Steps().Reverse())
        {
            if (TryRead(step, out var saved, out var fault))
            {
                LoadWeights(step, network);
                ReadMoments(Path.Combine(PathOf(step), Moments), network, optimizer);
                optimizer.Steps = saved.OptimizerSteps;
                faults.ForEach(damaged);
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
        if (network.Adapters is { } adapters)
        {
            adapters.Read(Path.Combine(PathOf(step), Adapters));
            return;
        }

        using var files = WeightFiles.Open(Path.Combine(PathOf(step), Weights));
        T5Weights.Read(network, files);
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
            saved = JsonSerializer.Deserialize<SavedState>(File.ReadAllText(Path.Combine(place, State)), Json)
                ?? throw new JsonException("It holds null.");
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

    private static void WriteMoments(string path, T5Network network, Optimizer optimizer)
    {
        var moments = MomentsOf(network, optimizer).ToDictionary(named => named.Tensor.Name);
        SafetensorsFile.Write(
            path, moments.Values.Select(named => named.Tensor),
            (tensor, stream) =>
            {
                using var values = moments[tensor.Name].Values.cpu();
                stream.Write(values.bytes);
            });
    }

    private static void ReadMoments(string path, T5Network network, Optimizer optimizer)
    {
        using var frozen = torch.no_grad();
        using var files = WeightFiles.Open(path);
        foreach (var (tensor, values) in MomentsOf(network, optimizer))
        {
            var numbers = new float[values.numel()];
            files.Read(tensor.Name, numbers);
            using var read = torch.tensor(numbers, values.shape);
            values.copy_(read);
        }
    }

    private static IEnumerable<(WeightTensor Tensor, torch.Tensor Values)> MomentsOf(T5Network network, Optimizer optimizer)
    {
        var names = T5Weights.NamesOf(network);
        return optimizer.State.Select(state =>
            (new WeightTensor($"{names[state.Weight]}.{state.Name}", WeightType.F32, state.Values.shape), state.Values));
    }

    /// <summary>Steps that have a checkpoint under its final name, oldest first.</summary>
    private IEnumerable<int> Steps() => !Directory.Exists(root) ? [] :
        Directory.EnumerateDirectories(root, Prefix + "*")
            .Select(folder => int.TryParse(Path.GetFileName(folder)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : -1)
            .Where(step => step >= 0)
            .Order();

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed record SavedState(TrainerState State, int OptimizerSteps, string WeightsSha256, string MomentsSha256, string? AdaptersSha256 = null);
}
