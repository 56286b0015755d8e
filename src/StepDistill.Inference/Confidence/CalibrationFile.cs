using System.Text.Json;
using System.Text.Json.Serialization;
using StepDistill.Files;

namespace StepDistill.Inference.Confidence;

/// <summary><c>calibration.json</c> in a student's folder: for each precision, by its name, what validation rows say.</summary>
public static class CalibrationFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "calibration.json";

    private const int MaxBytes = 64 << 20;

    /// <summary>Reads it.</summary>
    /// <param name="folder">The student's folder.</param>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="StepDistillException">It is damaged.</exception>
    public static IReadOnlyDictionary<string, StudentCalibration>? Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var found = JsonSerializer.Deserialize(
                BoundedFile.ReadAllBytes(path, MaxBytes, "a calibration"), CalibrationJson.Default.DictionaryStringStudentCalibration) ?? [];
            return found.Values.All(IsUsable)
                ? found
                : throw new StepDistillException($"{path} holds numbers that no calibration has. Export the student again, or remove the file.");
        }
        catch (JsonException e)
        {
            throw new StepDistillException($"{path} is not a calibration: {e.Message} Export the student again, or remove the file.", e);
        }
    }

    /// <summary>Writes it; the file appears whole or not at all.</summary>
    /// <param name="folder">The student's folder.</param>
    /// <param name="calibrations">By precision.</param>
    /// <exception cref="IOException">The disk is full or the folder cannot be written.</exception>
    public static void Write(string folder, IReadOnlyDictionary<string, StudentCalibration> calibrations) => AtomicFile.WriteText(
        Path.Combine(folder, Name),
        JsonSerializer.Serialize(
            new Dictionary<string, StudentCalibration>(calibrations, StringComparer.Ordinal),
            CalibrationJson.Default.DictionaryStringStudentCalibration) + "\n");

    private static bool IsUsable(StudentCalibration? one) =>
        one is { Temperature: > 0 and < 1e6 }
        && (one.Familiarity is not { } usual
            || (usual.Tokens is not null && usual.Surprises is not null && usual.Known is not null && usual.Tokens.Length == usual.Surprises.Length));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Dictionary<string, StudentCalibration>))]
internal sealed partial class CalibrationJson : JsonSerializerContext;
