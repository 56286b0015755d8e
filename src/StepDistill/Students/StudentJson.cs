using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using StepDistill.Tasks;

namespace StepDistill.Students;

/// <summary>How a student's manifest is written and read: as <see cref="Runs.RunJson"/> does, with code made at build time.</summary>
/// <remarks>A program that was compiled ahead of time opens students too, and has no reflection to read records with.</remarks>
[JsonSerializable(typeof(StudentManifest))]
internal sealed partial class StudentJson : JsonSerializerContext
{
    /// <summary>Many lines, for a file that people open.</summary>
    public static StudentJson Page { get; } = new(new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,      // these files are never put into a page of HTML
        Converters = { new JsonStringEnumConverter<AnswerKind>(JsonNamingPolicy.SnakeCaseLower) },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        WriteIndented = true,
        NewLine = "\n",
    });
}
