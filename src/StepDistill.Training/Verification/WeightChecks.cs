using StepDistill.Students.Weights;
using StepDistill.Training.Models.T5;

namespace StepDistill.Training.Verification;

/// <summary>
/// Compares the weights themselves with the reference's, rounded to the type in which they are stored.
/// </summary>
internal static class WeightChecks
{
    private const string Full = "model.safetensors";

    public static IEnumerable<VerificationCheck> Run(
        T5Network network, WeightFiles files, ReferenceFolder reference, List<string> notChecked)
    {
        if (!reference.Has(Full))
        {
            notChecked.Add($"weights: {reference.PathOf(Full)} is not there.");
            return [];
        }

        if (Path.GetFullPath(files.Path) == Path.GetFullPath(reference.PathOf(Full)))
        {
            notChecked.Add($"weights: {files.Path} is the reference's own file.");
            return [];
        }

        using var full = reference.Tensors(Full)!;
        var differing = 0L;
        string? first = null;
        foreach (var (name, weight) in T5Weights.Of(network))
        {
            var count = Differing(weight.data<float>().ToArray(), name, files, full);
            differing += count;
            first ??= count > 0 ? $"{name}: {count} of {weight.numel()} values" : null;
        }

        return [new VerificationCheck("weights", differing, 0, "count", first)];
    }

    private static int Differing(float[] ours, string name, WeightFiles files, WeightFiles full)
    {
        if (full.Find(name) is not { } tensor || tensor.Count != ours.Length)
        {
            return ours.Length;
        }

        var expected = new float[ours.Length];
        full.Read(name, expected);
        var type = files.Find(name)?.Type ?? WeightType.F32;
        var bytes = new byte[(long)ours.Length * WeightNumbers.SizeOf(type)];
        WeightNumbers.FromFloats(expected, type, bytes);
        WeightNumbers.ToFloats(bytes, type, expected);
        return ours.Zip(expected).Count(pair =>
            BitConverter.SingleToInt32Bits(pair.First) != BitConverter.SingleToInt32Bits(pair.Second));
    }
}
