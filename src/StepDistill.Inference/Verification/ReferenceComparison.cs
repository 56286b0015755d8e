using System.Text.Json;
using StepDistill.Files;
using StepDistill.Inference.Sessions;
using StepDistill.Students;
using StepDistill.Students.Weights;

namespace StepDistill.Inference.Verification;

/// <summary>How far an exported student is from numbers that another program computed with the same weights.</summary>
/// <param name="Logits">The largest absolute difference of scores; not a number where the shapes differ.</param>
/// <param name="Texts">For each search in the reference, such as <c>greedy_max_length_24</c>, how many texts differ.</param>
public sealed record ReferenceComparison(double Logits, IReadOnlyList<(string Search, int Differing)> Texts)
{
    private const int MaxJsonBytes = 256 << 20;

    /// <summary>Compares.</summary>
    /// <param name="folder">The student's folder, exported in float32.</param>
    /// <param name="reference">
    /// A folder with <c>inputs.json</c>, <c>expected.json</c> and <c>expected.safetensors</c>, as <c>verify --against</c> reads it.
    /// </param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="StepDistillException">The student was not exported, or the reference cannot be read.</exception>
    public static ReferenceComparison Run(string folder, string reference, CancellationToken cancellation = default)
    {
        var config = T5ConfigFile.Read(folder);
        using var inputs = Read(Path.Combine(reference, "inputs.json"));
        using var expected = Read(Path.Combine(reference, "expected.json"));
        using var tensors = WeightFiles.Open(Path.Combine(reference, "expected.safetensors"));
        using var sessions = new StudentSessions(folder, config, StudentPrecision.Parse("float32"), threads: 1);
        try
        {
            int[][] sources =
            [
                .. Rows(inputs.RootElement.GetProperty("input_ids"))
                    .Zip(Rows(inputs.RootElement.GetProperty("attention_mask")), (row, mask) => row.Take(mask.Sum()).ToArray()),
            ];
            var targets = Rows(expected.RootElement.GetProperty("decoder_input_ids"));
            using var encoded = sessions.Encode(sources);
            var texts = (
                from property in expected.RootElement.EnumerateObject()
                let words = property.Name.Split("_max_length_")
                where words.Length == 2 && (words[0] == "greedy" || words[0].StartsWith("beam", StringComparison.Ordinal))
                let length = int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture)
                let beams = words[0] == "greedy" ? 1 : int.Parse(words[0]["beam".Length..], System.Globalization.CultureInfo.InvariantCulture)
                let ours = beams == 1
                    ? GreedySearch.Write(sessions, encoded, config.StartId, length, null, null, cancellation)
                    : BeamWriting.Write(sessions, encoded, config.StartId, length, beams, cancellation)
                select (property.Name, ours.Zip(Rows(property.Value)).Count(pair => !IsSame(pair.First, pair.Second, config)))).ToList();
            return new(LargestDifference(sessions, encoded, targets, tensors), texts);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            throw new StepDistillException($"The reference {reference} does not hold what it should: {e.Message}", e);
        }
    }

    private static double LargestDifference(StudentSessions sessions, Encoded encoded, int[][] targets, WeightFiles tensors)
    {
        var length = targets[0].Length;
        using var scores = sessions.Score(
            encoded, [.. targets.SelectMany(row => row).Select(id => (long)id)], new long[length * length], length);
        var theirs = new float[tensors.Find("logits")?.Count ?? throw new KeyNotFoundException("expected.safetensors has no 'logits'.")];
        tensors.Read("logits", theirs);
        var ours = scores.GetTensorDataAsSpan<float>();
        if (ours.Length != theirs.Length)
        {
            return double.NaN;
        }

        var largest = 0.0;
        for (var i = 0; i < theirs.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(ours[i] - (double)theirs[i]));
        }

        return largest;
    }

    // The reference's rows begin with the start token and are padded to one length.
    private static bool IsSame(int[] ours, int[] theirs, T5Config config) =>
        theirs.Length > ours.Length
        && theirs.AsSpan(1, ours.Length).SequenceEqual(ours)
        && !theirs.AsSpan(1 + ours.Length).ContainsAnyExcept(config.PadId);

    private static int[][] Rows(JsonElement rows) =>
        [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(id => id.GetInt32()).ToArray())];

    private static JsonDocument Read(string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonDocument.Parse(BoundedFile.ReadAllBytes(path, MaxJsonBytes, "a file of reference numbers"))
                : throw new StepDistillException($"There is no {path}. A reference holds inputs.json, expected.json and expected.safetensors.");
        }
        catch (JsonException e)
        {
            throw new StepDistillException($"{path} is not JSON: {e.Message}", e);
        }
    }
}
