using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace StepDistill.Recipes;

/// <summary>Reads recipes: JSON with comments and trailing commas, where a misspelt or repeated key is an error.</summary>
public static class RecipeReader
{
    /// <summary>Larger files are no recipes.</summary>
    private const int MaxBytes = 1 << 20;

    internal static readonly JsonSerializerOptions Json = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    };

    internal static readonly JsonDocumentOptions WithComments = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Reads a recipe file and applies overrides to it.</summary>
    /// <param name="path">The file. Relative paths in it start at its folder and come out absolute.</param>
    /// <param name="overrides">
    /// Settings of the form <c>training.learning_rate=1e-4</c>; the last of one key holds. Relative paths in them
    /// start at the current folder.
    /// </param>
    /// <exception cref="RecipeException">There is no such file, it is not JSON, or keys or values in it cannot be used; all faults are listed.</exception>
    public static Recipe ReadFile(string path, IEnumerable<string>? overrides = null)
    {
        string text;
        try
        {
            text = ReadText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            throw new RecipeException(path, ["There is no such file."]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new RecipeException(path, [$"It cannot be read: {e.Message}"]);
        }

        return Read(text, path, overrides, Path.GetDirectoryName(Path.GetFullPath(path)));
    }

    /// <summary>Reads a recipe from text; see <see cref="ReadFile"/>.</summary>
    /// <param name="json">The recipe.</param>
    /// <param name="source">What to call it in error messages.</param>
    /// <param name="overrides">Settings of the form <c>training.learning_rate=1e-4</c>.</param>
    /// <param name="folder">Where relative paths in the text start; null leaves them as they are.</param>
    /// <exception cref="RecipeException">The text is not JSON, or keys or values in it cannot be used; all faults are listed.</exception>
    public static Recipe Read(
        string json, string source, IEnumerable<string>? overrides = null, string? folder = null)
    {
        try
        {
            using var document = JsonDocument.Parse(json, WithComments);
            return new RecipeReading(source, folder).Read(document.RootElement, overrides ?? []);
        }
        catch (JsonException e)
        {
            var cause = e.Message.Split(" LineNumber:")[0].Split(" Path:")[0];
            throw new RecipeException(source, [$"It is not JSON: {cause} ({Position(json, e)})"]);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)      // half a surrogate pair
        {
            throw new RecipeException(source, [$"It holds text that is not Unicode: {e.Message}"]);
        }
    }

    private static string ReadText(string path)
    {
        if (Directory.Exists(path))
        {
            throw new RecipeException(path, ["It is a folder; expected a recipe's file."]);
        }

        using var file = File.OpenRead(path);
        var bytes = new byte[MaxBytes + 1];
        var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (count > MaxBytes)
        {
            throw new RecipeException(path, [$"It is larger than {MaxBytes:N0} bytes; expected a recipe."]);
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, count).TrimStart('\uFEFF');
        }
        catch (ArgumentException)
        {
            throw new RecipeException(path, ["It is not text in UTF-8."]);
        }
    }

    private static string Position(string json, JsonException e)
    {
        var line = json.Split('\n').ElementAtOrDefault((int)(e.LineNumber ?? 0)) ?? "";
        var bytes = Encoding.UTF8.GetBytes(line);
        var column = Encoding.UTF8.GetCharCount(bytes, 0, (int)Math.Min(e.BytePositionInLine ?? 0, bytes.Length)) + 1;
        return $"line {(e.LineNumber ?? 0) + 1}, column {column}";
    }
}
