namespace StepDistill.Serving.Http;

/// <summary>A fault in OpenAI's form.</summary>
/// <param name="Error">The fault.</param>
internal sealed record OpenAiFault(OpenAiError Error);

/// <summary>What is wrong.</summary>
/// <param name="Message">What was found and what is expected.</param>
/// <param name="Type">What kind of fault it is.</param>
/// <param name="Param">The field, if any.</param>
/// <param name="Code">A word for programs, if any.</param>
internal sealed record OpenAiError(
    string Message,
    string Type,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.Never)] string? Param,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.Never)] string? Code);
