using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using StepDistill.Inference;

namespace StepDistill.Serving.Chat;

/// <summary>Writes a student's answer as the content of a chat's reply.</summary>
internal static class ChatContent
{
    /// <summary>Probabilities below this are told as this: OpenAI's own floor is a log probability of -9999, ours is finite for sums.</summary>
    private const double Least = 1e-12;

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The content: the label, or the fields that were asked for.</summary>
    public static string Of(StudentAnswer answer, ContentForm form)
    {
        if (form.Fields is null)
        {
            return answer.Label;
        }

        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Relaxed))
        {
            json.WriteStartObject();
            foreach (var field in form.Fields)
            {
                Write(json, field, answer);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>The label's log probability, and those of the likeliest labels.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="top">How many labels; null for nothing at all.</param>
    public static ChatLogprobs? Logprobs(StudentAnswer answer, int? top) => top is null ? null : new(
    [
        new(answer.Label, Log(answer.Confidence), [.. answer.Probabilities.Take(top.Value).Select(one => new ChatTopLogprob(one.Label, Log(one.Probability)))]),
    ]);

    /// <summary>Tokens read and written. A text is counted with the prefix and end mark that an empty one has too, but for one end mark.</summary>
    public static ChatUsage Usage(IStudentClassifier student, StudentAnswer answer, string? reasons)
    {
        var empty = student.CountTokens("");
        var written = student.CountTokens(answer.Label) - empty + 1;
        if (!string.IsNullOrEmpty(reasons))
        {
            written += student.CountTokens(reasons) - empty + 1;
        }

        return new(answer.InputTokens, written, answer.InputTokens + written);
    }

    private static void Write(Utf8JsonWriter json, string field, StudentAnswer answer)
    {
        switch (field)
        {
            case "label":
                json.WriteString(field, answer.Label);
                break;
            case "confidence":
                json.WriteNumber(field, answer.Confidence);
                break;
            case "rationale":
                json.WriteString(field, answer.Rationale ?? "");
                break;
            default:
                json.WriteStartObject(field);
                foreach (var one in answer.Probabilities)
                {
                    json.WriteNumber(one.Label, one.Probability);
                }

                json.WriteEndObject();
                break;
        }
    }

    private static double Log(double probability) => Math.Log(Math.Max(probability, Least));
}
