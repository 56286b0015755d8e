using System.Globalization;
using Microsoft.Extensions.AI;
using StepDistill.Files;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Teachers;

/// <summary>Makes the content keys of annotations: everything that decides an answer is in its key, and nothing else.</summary>
/// <remarks>
/// So the same question is asked and paid for once, whichever run or file it comes from, and a changed prompt, model or
/// task gives new keys instead of old answers. Not in any key: the gold label, which no teacher sees; time; concurrency.
/// </remarks>
public static class AnnotationKey
{
    /// <summary>Key of a question to a chat model.</summary>
    /// <param name="task">What is read from the reply: kind of label and label set.</param>
    /// <param name="settings">
    /// Endpoint and model (who answers), temperature and token limit (how), format (how the reply is read) and sample (which
    /// of several answers).
    /// </param>
    /// <param name="example">Its choices, against which the reply is read.</param>
    /// <param name="messages">The rendered messages: roles and texts, hence instruction, demonstrations and input.</param>
    /// <remarks>
    /// The reader's version is not in it: a better reader must not ask, and charge, again for replies that are stored. To
    /// read those anew, export the annotations and name the file as <c>teacher.answers</c> of a recorded teacher.
    /// </remarks>
    public static string OfChat(
        TaskSpec task, ChatTeacherSettings settings, Example example, IEnumerable<ChatMessage> messages) =>
        ContentHash.Of(
        [
            "chat", "1",
            settings.Endpoint, settings.Model, settings.Format,
            settings.Temperature.ToString("R", CultureInfo.InvariantCulture), $"{settings.MaxTokens}", $"{settings.Sample}",
            .. Answers(task, example),
            .. messages.SelectMany(message => new[] { message.Role.Value, message.Text }),
        ]);

    /// <summary>Key of an answer that came with the data.</summary>
    /// <param name="task">What is read from the answer: kind of label and label set.</param>
    /// <param name="format">How the answer is read.</param>
    /// <param name="example">
    /// Its id (whose answer it is) and its choices (against which it is read). Its input is not in the key: the answer does
    /// not change when the input is recovered or written another way.
    /// </param>
    /// <param name="answer">The completion, or rationale and label, and who said it; null where the data holds none.</param>
    /// <remarks>
    /// Also in it: <see cref="ReplyReader.Version"/>, since recorded answers cost nothing to read again. Absent and empty
    /// parts differ. Not in it: which of several answers this is, so that files may be listed in another order; the same
    /// answer given twice is stored once, and still counts twice where answers are joined with their rows.
    /// </remarks>
    public static string OfRecorded(TaskSpec task, string format, Example example, RecordedAnswer? answer) =>
        ContentHash.Of(
        [
            "recorded", "1",
            format, $"{ReplyReader.Version}", example.Id,
            .. Answers(task, example),
            .. Part(answer?.Completion), .. Part(answer?.Rationale), .. Part(answer?.Label), .. Part(answer?.Model),
        ]);

    private static IEnumerable<string> Answers(TaskSpec task, Example example) =>
    [
        task.Answer.ToString(),
        $"{task.Labels.Count}", .. task.Labels,
        $"{example.Choices.Count}", .. example.Choices,
    ];

    private static string[] Part(string? text) => text is null ? ["0"] : ["1", text];
}
