using System.Text.Json;
using StepDistill.Files;

namespace StepDistill.Students.Weights;

/// <summary>Hugging Face's index of weights in parts: which file holds which tensor.</summary>
internal static class WeightIndex
{
    /// <summary>Far above the index of any model: T5-xxl's has 60 kB.</summary>
    private const int MaxBytes = 64 << 20;

    /// <summary>Reads an index.</summary>
    /// <param name="path">A <c>.index.json</c>.</param>
    /// <returns>Tensor → file name, which is a plain name without any folder.</returns>
    /// <exception cref="StepDistillException">It cannot be used, or names a file elsewhere than beside itself.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(
                BoundedFile.ReadAllBytes(path, MaxBytes, "an index of weights"), new JsonDocumentOptions { AllowDuplicateProperties = false });
            var map = json.RootElement.GetProperty("weight_map").EnumerateObject()
                .ToDictionary(entry => entry.Name, entry => entry.Value.GetString() ?? "", StringComparer.Ordinal);
            return map.Values.FirstOrDefault(name => !IsPlain(name)) is { } elsewhere
                ? throw new StepDistillException(
                    $"{path} names the part '{elsewhere}'; a part must be a file beside the index. Do not use this model.")
                : map;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new StepDistillException(
                $"{path} is not an index of weights, a JSON object with weight_map: {e.Message} Download or copy it again.", e);
        }
    }

    private static bool IsPlain(string name) =>
        name is not ("" or "." or "..") && name.AsSpan().IndexOfAny("/\\:\0") < 0;
}
