using System.Globalization;
using System.Text.Json;

namespace StepDistill.Hub;

/// <summary>What is to be done with one large file: where it is put, in which parts, and where it is verified.</summary>
/// <param name="Upload">Where its bytes go, or where the parts are reported; null where the store has it already.</param>
/// <param name="UploadHeaders">What goes along with them.</param>
/// <param name="PartBytes">Bytes of every part but the last; null where it goes in one piece.</param>
/// <param name="Parts">Where each part goes, in order.</param>
/// <param name="Verify">Where the hub is told that it is there; null where it need not be.</param>
/// <param name="VerifyHeaders">What goes along with that.</param>
internal sealed record LfsAction(
    Uri? Upload,
    IReadOnlyDictionary<string, string> UploadHeaders,
    long? PartBytes,
    IReadOnlyList<Uri> Parts,
    Uri? Verify,
    IReadOnlyDictionary<string, string> VerifyHeaders)
{
    private const string PartKey = "chunk_size";

    /// <summary>Reads one object of the answer to a batch.</summary>
    /// <param name="json">The object.</param>
    /// <param name="from">The hub.</param>
    /// <param name="file">The file.</param>
    /// <exception cref="StepDistillException">The hub refuses the file, or its answer cannot be followed safely.</exception>
    public static LfsAction Read(JsonElement json, Uri from, LocalFile file)
    {
        if (json.TryGetProperty("error", out var error))
        {
            var (code, words) = error.ValueKind == JsonValueKind.Object ? (Text(error, "code"), Text(error, "message")) : (null, null);
            throw new StepDistillException(
                $"{from.Host} does not take {file.Path} of {file.Size} bytes: {HubListing.Shown(words ?? "no reason given").TrimEnd('.')}{(code is null ? "" : $" ({code})")}.");
        }

        if (!json.TryGetProperty("actions", out var actions) || actions.ValueKind != JsonValueKind.Object
            || !actions.TryGetProperty("upload", out var upload) || upload.ValueKind != JsonValueKind.Object)
        {
            return new(null, Nothing, null, [], null, Nothing);
        }

        var headers = Headers(upload);
        var (verify, verifyHeaders) = actions.TryGetProperty("verify", out var check) && check.ValueKind == JsonValueKind.Object
            ? (Address(check, from, file), Headers(check)) : ((Uri?)null, Nothing);
        if (!headers.TryGetValue(PartKey, out var size))
        {
            return new(Address(upload, from, file), headers, null, [], verify, verifyHeaders);
        }

        // Hugging Face's own form of parts: their addresses stand among the headers, under their numbers.
        Uri[] parts =
        [
            .. headers.Where(pair => pair.Key.All(char.IsAsciiDigit))
                .OrderBy(pair => int.TryParse(pair.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue)
                .Select(pair => Checked(pair.Value, from, file)),
        ];
        return long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0
            && parts.Length == (file.Size / bytes) + (file.Size % bytes == 0 ? 0 : 1)
            ? new(Address(upload, from, file), Nothing, bytes, parts, verify, verifyHeaders)
            : throw new StepDistillException(
                $"{from.Host} wants {file.Path} of {file.Size} bytes in {parts.Length} parts of {HubListing.Shown(size)} bytes, which does not come out even. Try again later.");
    }

    private static Dictionary<string, string> Nothing { get; } = [];

    private static Uri Address(JsonElement action, Uri from, LocalFile file) => Checked(Text(action, "href"), from, file);

    private static Uri Checked(string? address, Uri from, LocalFile file) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && HubConnection.IsSafe(from, uri)
            ? uri : throw new StepDistillException($"{from.Host} names no safe address for {file.Path}; it was not sent.");

    private static Dictionary<string, string> Headers(JsonElement action) =>
        action.TryGetProperty("header", out var headers) && headers.ValueKind == JsonValueKind.Object
            ? headers.EnumerateObject().GroupBy(header => header.Name, StringComparer.OrdinalIgnoreCase)
                .ToDictionary(group => group.Key, group => Value(group.Last().Value) ?? "", StringComparer.OrdinalIgnoreCase)
            : Nothing;

    private static string? Text(JsonElement from, string key) => from.TryGetProperty(key, out var value) ? Value(value) : null;

    private static string? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    };
}
