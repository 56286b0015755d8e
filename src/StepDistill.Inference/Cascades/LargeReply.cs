using Microsoft.Extensions.AI;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Inference.Cascades;

/// <summary>Reads the large model's replies as answers to the student's question.</summary>
internal sealed class LargeReply(StudentDescription student, StudentFirstOptions options)
{
    private readonly TaskSpec _task = new() { Name = student.Task, Answer = student.Answer, Labels = student.Labels };

    /// <summary>The reply's text, where it is a whole answer; null where it was cut off, stopped by a filter, or calls tools.</summary>
    public static string? WholeText(ChatResponse response) =>
        (response.FinishReason is null || response.FinishReason == ChatFinishReason.Stop) && !string.IsNullOrWhiteSpace(response.Text)
            && !response.Messages.Any(message => message.Contents.Any(content => content is FunctionCallContent or ErrorContent))
            ? response.Text : null;

    /// <summary>A row of the task for a question.</summary>
    public Example ExampleOf(StudentQuestion question, string id, string input) => new()
    {
        Id = id,
        Input = input,
        Choices = _task.Answer != AnswerKind.Choice ? [] : question.Choices ?? Choices.FromInput(question.Input),
    };

    /// <summary>What a reply says; no label where it cannot be read.</summary>
    public Reply Read(Example example, string text) =>
        options.Parse is { } parse ? parse(example, text) : ReplyReader.Read(_task, options.Format, example, text);

    /// <summary>Whether student and large model say the same.</summary>
    public bool Agrees(Example example, StudentAnswer answer, Reply reply) =>
        reply.Label is { } label && _task.IsCorrect(example with { Label = label }, answer.Label);
}
