using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using StepDistill.Files;

namespace StepDistill.Students.Weights;

/// <summary>Hugging Face's format for weights: a JSON header with names, types, shapes and places, then the numbers.</summary>
/// <remarks>
/// Format: https://github.com/huggingface/safetensors, README section "Format". <see cref="WeightFiles"/> reads it.
/// The eight-bit and unsigned types beyond <c>U8</c> are not for weights of T5 and are refused.
/// </remarks>
public static class SafetensorsFile
{
    /// <summary>The format's own limit on its header, in bytes.</summary>
    private const long MaxHeader = 100_000_000;

    /// <summary>Writes tensors, one at a time, so that only one need be in memory. The file appears whole or not at all.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="tensors">
    /// What it shall hold. The numbers are laid down by size of type, then by name, as the format's own writer does: the
    /// same tensors make the same bytes, and all of them lie at multiples of their size.
    /// </param>
    /// <param name="write">Writes the little-endian bytes of a tensor; called once for each, in the order of the file.</param>
    /// <param name="metadata">Texts for the header; null writes <c>format: pt</c>, without which transformers refuses the file.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a tensor wrote another number of bytes than it has.</exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void Write(
        string path,
        IEnumerable<WeightTensor> tensors,
        Action<WeightTensor, Stream> write,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        List<WeightTensor> ordered =
        [
            .. tensors.OrderByDescending(tensor => WeightNumbers.SizeOf(tensor.Type))
                .ThenBy(tensor => tensor.Name, StringComparer.Ordinal),
        ];
        var header = Header(ordered, metadata ?? new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var tensor in ordered)
            {
                var start = stream.Position;
                write(tensor, stream);
                if (stream.Position - start != tensor.ByteCount)
                {
                    throw new ArgumentException(
                        $"{tensor.Name} wrote {stream.Position - start} bytes and has {tensor.ByteCount}.", nameof(write));
                }
            }
        });
    }

    /// <summary>Reads the header and checks that every tensor lies where it can.</summary>
    internal static List<StoredTensor> ReadIndex(SafeFileHandle file, string path)
    {
        Exception Unusable(string why) => new StepDistillException(
            $"{path} is not a usable safetensors file: {why}. It may be cut off or damaged; download or copy it again.");

        var size = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[8];
        if (RandomAccess.Read(file, prefix, 0) < prefix.Length)
        {
            throw Unusable($"it has only {size} bytes");
        }

        var length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (length is < 2 or > MaxHeader || length > size - prefix.Length)
        {
            throw Unusable($"its header shall have {(ulong)length} bytes, in a file of {size}");
        }

        var header = new byte[length];
        RandomAccess.Read(file, header, prefix.Length);
        var start = prefix.Length + length;
        var found = new List<StoredTensor>();
        try
        {
            using var json = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            foreach (var entry in json.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__"))
            {
                var tensor = ReadTensor(entry, out var begin, out var end) is { } usable
                    ? usable : throw Unusable($"the entry '{entry.Name}' is not one of its types with a shape and offsets: {Excerpt(entry.Value)}");
                if (begin < 0 || end < begin || end > size - start || end - begin != tensor.ByteCount)
                {
                    throw Unusable(
                        $"'{tensor.Name}' of type {tensor.Type} and shape [{string.Join(", ", tensor.Shape)}] takes {tensor.ByteCount}"
                        + $" bytes and shall lie from {begin} to {end} of {size - start}");
                }

                found.Add(new StoredTensor(tensor, file, path, start + begin));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Unusable($"its header is not the JSON that it should be ({e.Message.TrimEnd('.')})");
        }

        CheckGaps(found, start, size, Unusable);
        return found;
    }

    private static WeightTensor? ReadTensor(JsonProperty entry, out long begin, out long end)
    {
        begin = end = 0;
        var type = Enum.GetValues<WeightType>().Cast<WeightType?>()
            .FirstOrDefault(type => NameOf(type!.Value) == entry.Value.Property("dtype")?.GetString());
        var shape = entry.Value.Property("shape")?.Whole();
        var offsets = entry.Value.Property("data_offsets")?.Whole();
        if (type is null || shape is null || offsets is not { Count: 2 } || WeightTensor.CountOf(shape) is null)
        {
            return null;
        }

        (begin, end) = (offsets[0], offsets[1]);
        return new WeightTensor(entry.Name, type.Value, shape);
    }

    private static string NameOf(WeightType type) => type.ToString().ToUpperInvariant();

    private static JsonElement? Property(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value : null;

    private static List<long>? Whole(this JsonElement array) =>
        array.EnumerateArray().All(number => number.TryGetInt64(out _))
            ? [.. array.EnumerateArray().Select(number => number.GetInt64())] : null;

    private static string Excerpt(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= 200 ? text : text[..200] + "…";
    }

    /// <summary>The format wants neither gaps nor overlaps, so that nothing can hide in a file.</summary>
    private static void CheckGaps(List<StoredTensor> found, long start, long size, Func<string, Exception> unusable)
    {
        var end = start;
        foreach (var stored in found.OrderBy(stored => stored.Offset).ThenBy(stored => stored.Tensor.ByteCount))
        {
            if (stored.Offset != end)
            {
                throw unusable(
                    $"'{stored.Tensor.Name}' begins at byte {stored.Offset}, {(stored.Offset < end ? "inside of the tensor before it" : "after a gap")}");
            }

            end += stored.Tensor.ByteCount;
        }

        if (end != size)
        {
            throw unusable($"its tensors end at byte {end} of {size}");
        }
    }

    private static byte[] Header(List<WeightTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            var offset = 0L;
            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            foreach (var tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new ArgumentException($"There are two tensors of the name '{tensor.Name}'.", nameof(tensors));
                }

                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", NameOf(tensor.Type));
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, offset + tensor.ByteCount]);
                json.WriteEndObject();
                offset += tensor.ByteCount;
            }

            json.WriteEndObject();
        }

        // Blanks up to a multiple of eight, so that the numbers after it are aligned.
        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
