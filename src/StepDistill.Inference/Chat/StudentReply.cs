using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Microsoft.Extensions.AI;

namespace StepDistill.Inference.Chat;

/// <summary>A student's answer as a chat model would write it.</summary>
/// <param name="Student">Who answers.</param>
/// <param name="Answer">The answer.</param>
/// <param name="AsJson">Whether an object is wanted.</param>
/// <param name="WithReasons">Whether reasons are: some students give them unasked.</param>
internal sealed record StudentReply(StudentDescription Student, StudentAnswer Answer, bool AsJson, bool WithReasons)
{
    // Labels in any script stay readable; what could end a script or an attribute is still escaped.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    /// <summary>The reply's text: in the layout of the reply format <c>plain</c>, or JSON.</summary>
    public string Text => AsJson ? Json() : Reasons is null ? Answer.Label : $"{Reasons}\nAnswer: {Answer.Label}";

    private string? Reasons => WithReasons && !string.IsNullOrEmpty(Answer.Rationale) ? Answer.Rationale : null;

    /// <summary>Whether a caller asks for JSON.</summary>
    public static bool IsJson(ChatOptions? options) => options?.ResponseFormat is ChatResponseFormatJson;

    /// <summary>The reply with reasons that came apart from the answer.</summary>
    public StudentReply With(string reasons) => this with { Answer = Answer with { Rationale = reasons } };

    /// <summary>What there is to say besides the text.</summary>
    public AdditionalPropertiesDictionary Properties()
    {
        // JSON, for a cache must be able to write it down also where no reflection is left.
        var probabilities = new JsonObject();
        foreach (var one in Answer.Probabilities)
        {
            probabilities.TryAdd(one.Label, one.Probability);       // an input may offer the same choice twice
        }

        var properties = new AdditionalPropertiesDictionary
        {
            ["confidence"] = Answer.Confidence,
            ["probabilities"] = probabilities,
            ["cut"] = Answer.Cut,
        };
        if (Answer.Familiarity is { } familiarity)
        {
            properties["familiarity"] = familiarity;
        }

        return properties;
    }

    /// <summary>Tokens read, and tokens of what was answered, as the student would read it.</summary>
    public UsageDetails Usage(IStudentClassifier student)
    {
        var written = Reasons is null ? Answer.Label : $"{Reasons} {Answer.Label}";
        var output = Math.Max(0, student.CountTokens(written) - student.CountTokens(""));    // without prefix and end mark
        return new UsageDetails
        {
            InputTokenCount = Answer.InputTokens,
            OutputTokenCount = output,
            TotalTokenCount = Answer.InputTokens + output,
        };
    }

    private string Json()
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Readable))
        {
            writer.WriteStartObject();
            writer.WriteString("label", Answer.Label);
            writer.WriteNumber("confidence", Answer.Confidence);
            writer.WriteString("rationale", Reasons);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
