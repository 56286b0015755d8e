using StepDistill.Recipes;
using StepDistill.Students.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StepDistill.Training.Models.T5;

/// <summary>Adapters beside a network's weights, which are frozen: all that learns in their place.</summary>
/// <remarks>
/// They belong to the network, see <see cref="T5Network.Adapters"/>, and are all in one memory, over which the optimizer
/// runs. Written as weights they are merged (<see cref="T5Weights.Write"/>); alone, as a training that goes on needs them,
/// in a file of their own, under the names that Hugging Face's peft gives them.
/// </remarks>
internal sealed class T5Adapters : IDisposable
{
    private const string Prefix = "base_model.model.";

    private static readonly string[] QueriesAndValues = [".q.weight", ".v.weight"];
    private static readonly string[] AllMatrices =
        [.. QueriesAndValues, ".k.weight", ".o.weight", ".wi.weight", ".wi_0.weight", ".wi_1.weight", ".wo.weight"];

    private readonly T5Network _network;
    private readonly List<(string Name, Weight Weight)> _adapted;

    private T5Adapters(T5Network network, LoraSection section)
    {
        _network = network;
        var endings = section.Weights == "all" ? AllMatrices : QueriesAndValues;
        _adapted =
        [
            .. T5Weights.Of(network).Select(named => (named.Name, (Weight)named.Weight))
                .Where(named => endings.Any(ending => named.Name.EndsWith(ending, StringComparison.Ordinal)))
                .Where(named => named.Item2.requires_grad),
        ];
        Memory = new WeightMemory(
            _adapted.Sum(named => section.Rank * (named.Weight.size(0) + named.Weight.size(1))),
            network.Memory.Values.dtype, network.Memory.Values.device);
        foreach (var (_, weight) in _adapted)
        {
            weight.Adapter = new LowRankAdapter(Memory, weight, section.Rank, section.Alpha / section.Rank);
        }

        foreach (var placed in network.Memory.Weights)
        {
            placed.Weight.requires_grad = false;
        }
    }

    /// <summary>All A and B.</summary>
    public WeightMemory Memory { get; }

    /// <summary>Every A and B under its name.</summary>
    public IEnumerable<(string Name, Parameter Weight)> Weights =>
        from adapted in _adapted
        let name = Prefix + adapted.Name[..^".weight".Length]
        from part in new[] { (Letter: "A", Weight: (Parameter)adapted.Weight.Adapter!.A), ("B", adapted.Weight.Adapter.B) }
        select ($"{name}.lora_{part.Letter}.weight", part.Weight);

    /// <summary>Freezes a network's weights and puts new adapters beside some of them; frozen parts get none.</summary>
    /// <param name="network">The network; it gets the adapters.</param>
    /// <param name="section">Rank, α, and beside which weights.</param>
    /// <param name="seed">Decides the first numbers; the network computes what it did before.</param>
    public static void Attach(T5Network network, LoraSection section, long seed)
    {
        network.Adapters = new T5Adapters(network, section);
        if (network.Memory.Values.device_type == TorchSharp.DeviceType.META)
        {
            return;         // shapes without numbers
        }

        using var generator = new Generator((ulong)seed, CPU);
        foreach (var (_, weight) in network.Adapters._adapted)
        {
            weight.Adapter!.Initialize(generator);
        }
    }

    /// <summary>Writes the adapters alone.</summary>
    /// <param name="path">The file; it appears whole or not at all.</param>
    public void Write(string path)
    {
        var places = Weights.ToDictionary(named => named.Name, named => Memory.Of(named.Weight));
        SafetensorsFile.Write(
            path,
            places.Select(place => new WeightTensor(place.Key, WeightType.F32, place.Value.Weight.shape)),
            (tensor, stream) => Memory.CopyTo(stream, places[tensor.Name]));
    }

    /// <summary>Reads the adapters.</summary>
    /// <param name="path">What <see cref="Write"/> wrote.</param>
    /// <exception cref="StepDistillException">The file cannot be read, or holds adapters of another form.</exception>
    public void Read(string path)
    {
        using var files = WeightFiles.Open(path);
        foreach (var (name, weight) in Weights)
        {
            if (files.Find(name) is not { } found || !found.Shape.SequenceEqual(weight.shape))
            {
                throw new StepDistillException(
                    $"{path} has no '{name}' of shape [{string.Join(", ", weight.shape)}]: it holds adapters of other "
                    + "settings in training.lora or training.freeze. Delete the run's folder to train from the beginning.");
            }

            files.Read(name, (first, numbers) => Memory.Write(Memory.Of(weight), first, numbers));
        }
    }

    /// <summary>Adds the adapters to the weights beside them, and removes them: the network computes the same without.</summary>
    public void Merge()
    {
        foreach (var (_, weight) in _adapted)
        {
            var placed = _network.Memory.Of(weight);
            var part = new float[Math.Min(placed.Length, WeightMemory.Piece)];
            for (long done = 0; done < placed.Length; done += part.Length)
            {
                var numbers = part.AsSpan(0, (int)Math.Min(part.Length, placed.Length - done));
                _network.Memory.Read(placed, done, numbers);
                weight.Adapter!.MergeInto(done, numbers);
                _network.Memory.Write(placed, done, numbers);
            }

            weight.Adapter = null;
        }

        _network.Adapters = null;
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();
}
