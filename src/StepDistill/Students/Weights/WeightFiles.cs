using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace StepDistill.Students.Weights;

/// <summary>The weights of a student on disk, whatever their format and however many files they are in.</summary>
/// <remarks>
/// Reads safetensors and PyTorch's <c>torch.save</c> in its zip and its older format, each also in parts with an index.
/// Opening reads names and places only; numbers are read tensor by tensor, so a model never lies in memory twice.
/// Nothing in a file is executed. Reading is safe for use by several threads at once.
/// </remarks>
public sealed class WeightFiles : IDisposable
{
    /// <summary>What a folder may call its weights, best first.</summary>
    private static readonly string[] FileNames =
        ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

    /// <summary>Numbers read at a time.</summary>
    private const int Piece = 1 << 20;

    private readonly List<SafeFileHandle> files = [];
    private readonly Dictionary<string, StoredTensor> stored = new(StringComparer.Ordinal);
    private readonly List<WeightTensor> tensors = [];

    private WeightFiles(string path) => Path = path;

    /// <summary>The file that was opened; for weights in parts, their index.</summary>
    public string Path { get; }

    /// <summary>Every tensor, in the order of the file.</summary>
    public IReadOnlyList<WeightTensor> Tensors => tensors;

    /// <summary>Opens the weights of a folder, or of one file.</summary>
    /// <param name="path">A folder in Hugging Face's layout, a <c>.safetensors</c> or <c>.bin</c> file, or an index of parts.</param>
    /// <returns>The weights; the caller disposes of them.</returns>
    /// <exception cref="StepDistillException">There are none, or they cannot be used: the message says why and what to do.</exception>
    public static WeightFiles Open(string path)
    {
        var file = Directory.Exists(path) ? FileIn(path) : path;
        var weights = new WeightFiles(file);
        try
        {
            if (file.EndsWith(".index.json", StringComparison.Ordinal))
            {
                weights.AddParts(file);
            }
            else
            {
                weights.Add(weights.ReadIndex(file), file);
            }

            return weights;
        }
        catch (Exception e)
        {
            weights.Dispose();
            throw e is IOException or UnauthorizedAccessException
                ? new StepDistillException($"The weights {file} cannot be read: {e.Message}", e) : e;
        }
    }

    /// <summary>Looks for a tensor by name.</summary>
    /// <param name="name">Its published name.</param>
    /// <returns>What it is, or null where there is none.</returns>
    public WeightTensor? Find(string name) => stored.GetValueOrDefault(name)?.Tensor;

    /// <summary>Reads a tensor's numbers as float32; exact for float32, float16 and bfloat16, and rounded for float64.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">As many as the tensor has, outermost dimension first.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or it has another number of values.</exception>
    /// <exception cref="StepDistillException">Its numbers are not floating point, or the file was cut off since.</exception>
    public void Read(string name, Span<float> values)
    {
        var place = FloatingPlace(name);
        if (values.Length != place.Tensor.Count)
        {
            throw new ArgumentException($"'{name}' has {place.Tensor.Count} values, not {values.Length}.", nameof(values));
        }

        place.Read(values);
    }

    /// <summary>Reads a tensor's numbers as the other overload does, some at a time, so that a large one is never held whole.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="take">Gets the place of the first of some numbers in the tensor, and those numbers, until all were there.</param>
    /// <remarks>Numbers that do not lie in order in the file, as PyTorch may leave them, come all at once.</remarks>
    /// <exception cref="ArgumentException">There is no such tensor.</exception>
    /// <exception cref="StepDistillException">Its numbers are not floating point, or the file was cut off since.</exception>
    public void Read(string name, Action<long, ReadOnlySpan<float>> take)
    {
        ArgumentNullException.ThrowIfNull(take);
        var place = FloatingPlace(name);
        var count = place.Tensor.Count;
        var length = (int)(place.Strides is null ? Math.Min(count, Piece) : count);
        var piece = ArrayPool<float>.Shared.Rent(length);
        for (long done = 0; done < count; done += length)
        {
            var numbers = piece.AsSpan(0, (int)Math.Min(length, count - done));
            place.Read(numbers, done);
            take(done, numbers);
        }

        ArrayPool<float>.Shared.Return(piece);
    }

    /// <summary>Reads a tensor's bytes as they lie in the file, little-endian, outermost dimension first.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">As many as <see cref="WeightTensor.ByteCount"/> says.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or it has another number of bytes.</exception>
    /// <exception cref="StepDistillException">The file was cut off since it was opened.</exception>
    public void ReadBytes(string name, Span<byte> bytes)
    {
        var place = Place(name);
        if (bytes.Length != place.Tensor.ByteCount)
        {
            throw new ArgumentException($"'{name}' has {place.Tensor.ByteCount} bytes, not {bytes.Length}.", nameof(bytes));
        }

        place.ReadBytes(bytes);
    }

    /// <inheritdoc />
    public void Dispose() => files.ForEach(file => file.Dispose());

    private StoredTensor FloatingPlace(string name)
    {
        var place = Place(name);
        return WeightNumbers.IsFloating(place.Tensor.Type) ? place : throw new StepDistillException(
            $"'{name}' in {place.Path} is of type {place.Tensor.Type}; weights must be floating point.");
    }

    private StoredTensor Place(string name) => stored.TryGetValue(name, out var place)
        ? place : throw new ArgumentException($"{Path} holds no tensor of the name '{name}'.", nameof(name));

    private static string FileIn(string folder) =>
        FileNames.Select(name => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new StepDistillException(
            $"The folder {folder} holds no weights: none of {string.Join(", ", FileNames)} is there.");

    private void AddParts(string index)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(index))!;
        foreach (var part in WeightIndex.Read(index).GroupBy(entry => entry.Value, entry => entry.Key, StringComparer.Ordinal))
        {
            var path = System.IO.Path.Combine(folder, part.Key);
            var inside = ReadIndex(path).ToDictionary(place => place.Tensor.Name, StringComparer.Ordinal);
            Add(
                from name in part
                select inside.GetValueOrDefault(name) ?? throw new StepDistillException(
                    $"{index} says that {part.Key} holds '{name}', and it does not. Files of two downloads may be mixed up."),
                path);
        }
    }

    private void Add(IEnumerable<StoredTensor> places, string path)
    {
        foreach (var place in places)
        {
            if (!stored.TryAdd(place.Tensor.Name, place))
            {
                throw new StepDistillException($"{path} holds '{place.Tensor.Name}' twice.");
            }

            tensors.Add(place.Tensor);
        }
    }

    private List<StoredTensor> ReadIndex(string path)
    {
        var file = File.OpenHandle(path);
        files.Add(file);
        var start = new byte[16];
        var length = RandomAccess.Read(file, start, 0);
        if (start.AsSpan(0, length).StartsWith("version https://"u8))
        {
            throw new StepDistillException(
                $"{path} is not the weights but a pointer to them that Git LFS left. Run git lfs pull in its folder.");
        }

        return start.AsSpan(0, length) switch
        {
            [0x50, 0x4b, 0x03, 0x04, ..] => TorchZipFile.ReadIndex(file, path),
            [_, _, _, _, _, _, _, _, (byte)'{', ..] => SafetensorsFile.ReadIndex(file, path),
            [0x80, ..] when !path.EndsWith(".safetensors", StringComparison.Ordinal) => TorchLegacyFile.ReadIndex(file, path),
            _ when path.EndsWith(".safetensors", StringComparison.Ordinal) => SafetensorsFile.ReadIndex(file, path),
            _ => throw new StepDistillException(
                $"{path} is not a file of weights in a known format: safetensors, or torch.save of PyTorch 0.4 or newer."
                + $" It has {RandomAccess.GetLength(file)} bytes. It may be cut off or damaged; download or copy it again."),
        };
    }
}
