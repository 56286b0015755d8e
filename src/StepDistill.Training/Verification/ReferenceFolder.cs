using System.Globalization;
using System.Text.Json;
using StepDistill.Students.Weights;
using static TorchSharp.torch;

namespace StepDistill.Training.Verification;

/// <summary>A folder of numbers that another program computed with the same weights.</summary>
/// <remarks>
/// <c>inputs.json</c>: what it computed on. <c>expected.json</c>, <c>expected.safetensors</c>: what came out.
/// <c>training.json</c>, <c>train_features.json</c>, <c>trained_params.safetensors</c>: a short training.
/// </remarks>
internal sealed class ReferenceFolder
{
    /// <summary>No file of numbers as text is larger; what is, is something else.</summary>
    private const long MaxJsonBytes = 256 << 20;

    public ReferenceFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new StepDistillException(
                $"There is no reference folder {path}. It holds inputs.json and expected.json.");
        }

        Folder = path;
    }

    public string Folder { get; }

    public string PathOf(string name) => Path.Combine(Folder, name);

    public bool Has(string name) => File.Exists(PathOf(name));

    /// <summary>Opens a file of numbers as text; null where there is none.</summary>
    public ReferenceJson? Json(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        if (new FileInfo(PathOf(name)).Length is > MaxJsonBytes and var length)
        {
            throw new StepDistillException(
                $"{PathOf(name)} has {length} bytes; a reference has at most {MaxJsonBytes}.");
        }

        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(PathOf(name)), new() { MaxDepth = 16 });
            return new ReferenceJson(PathOf(name), "the whole file", json.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw new StepDistillException($"{PathOf(name)} is not JSON: {e.Message}", e);
        }
    }

    /// <summary>Opens a file of tensors; null where there is none.</summary>
    public WeightFiles? Tensors(string name) => Has(name) ? WeightFiles.Open(PathOf(name)) : null;

    /// <summary>Reads a tensor as it lies in a file.</summary>
    public static Tensor Read(WeightFiles files, string name)
    {
        var found = files.Find(name)!;
        var values = new float[found.Count];
        files.Read(name, values);
        return tensor(values, [.. found.Shape]);
    }
}

/// <summary>A value in a file of numbers as text, which can say where it is when it is not what it should be.</summary>
/// <param name="File">The file.</param>
/// <param name="Place">Where in it.</param>
/// <param name="Value">The value.</param>
internal sealed record ReferenceJson(string File, string Place, JsonElement Value)
{
    /// <summary>The value of a key; null where it is missing or null.</summary>
    public ReferenceJson? Find(string key)
    {
        Expect(JsonValueKind.Object, "an object");
        return Value.TryGetProperty(key, out var found) && found.ValueKind != JsonValueKind.Null
            ? new ReferenceJson(File, key, found)
            : null;
    }

    /// <summary>The value of a key that must be there.</summary>
    public ReferenceJson this[string key] =>
        Find(key) ?? throw new StepDistillException($"{File} has no '{key}' in {Place}.");

    public IEnumerable<(string Key, ReferenceJson Value)> Entries()
    {
        Expect(JsonValueKind.Object, "an object");
        return Value.EnumerateObject().Select(p => (p.Name, new ReferenceJson(File, p.Name, p.Value)));
    }

    public IReadOnlyList<ReferenceJson> Items()
    {
        Expect(JsonValueKind.Array, "a list");
        return [.. Value.EnumerateArray().Select((item, i) => new ReferenceJson(File, $"{Place}[{i}]", item))];
    }

    public double Number()
    {
        Expect(JsonValueKind.Number, "a number");
        return Value.GetDouble();
    }

    public IReadOnlyList<double> Numbers() => [.. Items().Select(item => item.Number())];

    /// <summary>A whole number from 0 to a limit.</summary>
    public int Whole(int limit) => Whole(0, limit);

    /// <summary>Token ids of one text.</summary>
    /// <param name="vocabularySize">Every id is below it.</param>
    /// <param name="ignored">Whether -100 may stand where there is no token.</param>
    public int[] Ids(int vocabularySize, bool ignored = false) =>
        [.. Items().Select(item => ignored && item.Value.ValueKind == JsonValueKind.Number && item.Number() == -100
            ? -100 : item.Whole(vocabularySize - 1))];

    /// <summary>Token ids of several texts of one length. [B, N] int64</summary>
    public Tensor IdTable(int vocabularySize, bool ignored = false)
    {
        var rows = Items().Select(row => row.Ids(vocabularySize, ignored)).ToList();
        if (rows.Count == 0 || rows[0].Length == 0 || rows.Any(row => row.Length != rows[0].Length))
        {
            throw new StepDistillException(
                $"{File} has rows of different lengths, or none, in {Place}; expected rows of one length.");
        }

        return tensor(rows.SelectMany(row => row, (_, id) => (long)id).ToArray(), [rows.Count, rows[0].Length]);
    }

    private int Whole(int lowest, int highest)
    {
        Expect(JsonValueKind.Number, "a number");
        return Value.TryGetInt32(out var whole) && whole >= lowest && whole <= highest
            ? whole
            : throw new StepDistillException(string.Create(
                CultureInfo.InvariantCulture,
                $"{File} has {Value.GetRawText()} in {Place}; expected a whole number from {lowest} to {highest}."));
    }

    private void Expect(JsonValueKind kind, string name)
    {
        if (Value.ValueKind != kind)
        {
            throw new StepDistillException($"{File} has {Value.ValueKind} in {Place}; expected {name}.");
        }
    }
}
