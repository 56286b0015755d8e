using System.Text.Json.Serialization;
using StepDistill.Serving.Chat;
using StepDistill.Serving.Http;
using StepDistill.Serving.Predicting;

namespace StepDistill.Serving;

/// <summary>How answers are written: names in snake case, nothing where there is nothing to say.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PredictRequest))]
[JsonSerializable(typeof(PredictResponse))]
[JsonSerializable(typeof(ChatRequest))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(StudentFacts))]
[JsonSerializable(typeof(Reloaded))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(OpenAiFault))]
internal sealed partial class WireJson : JsonSerializerContext;
