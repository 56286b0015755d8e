using System.Text.Json;
using StepDistill.Files;

namespace StepDistill.Tasks.Releases;

/// <summary>Reads whole JSON files of the release, which hold a list each.</summary>
internal static class ReleasedJson
{
    /// <summary>Parses a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="what">What it should be, for messages.</param>
    /// <exception cref="StepDistillException">It is larger, or no JSON list.</exception>
    public static JsonDocument Parse(string path, int limit, string what)
    {
        var bytes = BoundedFile.ReadAllBytes(path, limit, what).AsMemory();
        try
        {
            var document = JsonDocument.Parse(bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes);
            if (document.RootElement.ValueKind == JsonValueKind.Array)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException e)
        {
            throw new StepDistillException($"{path} is not {what}: it is no complete JSON. {e.Message} Unpack the release again.", e);
        }

        throw new StepDistillException($"{path} is not {what}: it must hold a JSON list. Unpack the release again.");
    }
}
