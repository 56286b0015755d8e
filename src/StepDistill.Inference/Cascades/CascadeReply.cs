using Microsoft.Extensions.AI;

namespace StepDistill.Inference.Cascades;

/// <summary>Writes replies that are not the large model's.</summary>
internal sealed class CascadeReply(StudentDescription student, StudentFirstOptions options)
{
    /// <summary>Writes a reply that says who gave it.</summary>
    /// <param name="answer">The student's answer; null where nobody answers.</param>
    /// <param name="why">One of the words of <see cref="StudentFirstProperties.Why"/>.</param>
    public ChatResponse Write(StudentAnswer? answer, string why)
    {
        var properties = new AdditionalPropertiesDictionary
        {
            [StudentFirstProperties.AnsweredBy] = Who(answer),
            [StudentFirstProperties.Why] = why,
        };
        if (answer is not null)
        {
            properties[StudentFirstProperties.Label] = answer.Label;
            properties[StudentFirstProperties.Confidence] = answer.Confidence;
            if (answer.Familiarity is { } familiarity)
            {
                properties[StudentFirstProperties.Familiarity] = familiarity;
            }
        }

        return new(new ChatMessage(ChatRole.Assistant, answer is null ? options.Abstention : options.Reply(answer)))
        {
            ModelId = answer is null ? null : student.ModelId,
            CreatedAt = options.Time.GetUtcNow(),
            FinishReason = ChatFinishReason.Stop,
            AdditionalProperties = properties,
        };
    }

    /// <summary>Who answers: <c>student</c> or <c>nobody</c>.</summary>
    public static string Who(StudentAnswer? answer) => answer is null ? "nobody" : "student";
}
