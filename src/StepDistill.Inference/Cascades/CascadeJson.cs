using System.Text.Json.Serialization;

namespace StepDistill.Inference.Cascades;

/// <summary>How cascades' files and counts are written, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NewLine = "\n",
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CascadeFile))]
[JsonSerializable(typeof(CascadePlan))]
[JsonSerializable(typeof(SpentCalls))]
internal sealed partial class CascadeJson : JsonSerializerContext;
