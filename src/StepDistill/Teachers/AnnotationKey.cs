using System.Globalization;
using Microsoft.Extensions.AI;
using StepDistill.Files;
using StepDistill.Tasks;
using StepDistill.Teachers.Prompts;
using StepDistill.Teachers.Replies;

namespace StepDistill.Teachers;

/// <summary>Makes the content keys of annotations: everything that decides an answer is in its key, and nothing else.</summary>
/// <remarks>
/// So the same question is asked and paid for once, whichever run or file it comes from, and a changed prompt, model or
/// task gives new keys instead of old answers. Not in any key: the gold label where the teacher does not see it; time;
/// concurrency.
/// </remarks>
public static class AnnotationKey
{
    /// <summary>Key of a question to a chat model.</summary>
    /// <param name="task">What is read from the reply: kind of label and label set.</param>
    /// <param name="settings">
    /// Endpoint and model (who answers), temperature and token limit (how), format (how the reply is read) and sample (which
    /// of several answers); and how the prompt is formed, where not as a chat in text with the reasons first.
    /// </param>
    /// <param name="example">
    /// Its choices, against which the reply is read; its gold label only where the prompt gives it.
    /// </param>
    /// <param name="messages">
    /// The rendered messages: roles and texts, hence instruction, demonstrations and input. Where it is still open whether
    /// JSON is asked for, both prompts' messages one after the other.
    /// </param>
    /// <param name="schema">The JSON schema that goes with them; null where none does.</param>
    /// <remarks>
    /// A question that is asked as JSON only where the server enforces a schema has one key either way: it must be known
    /// without a server, and what is stored must stay found when the server has learnt more.
    /// The reader's version is not in it: a better reader must not ask, and charge, again for replies that are stored. To
    /// read those anew, export the annotations and name the file as <c>teacher.answers</c> of a recorded teacher.
    /// </remarks>
    public static string OfChat(
        TaskSpec task, ChatTeacherSettings settings, Example example, IEnumerable<ChatMessage> messages, string? schema = null) =>
        ContentHash.Of(
        [
            .. Form(task, settings.Prompt, example, schema),
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

    /// <summary>Version 1 is from when there was one form of prompts; answers to those are stored, and stay found by it.</summary>
    private static string[] Form(TaskSpec task, PromptSettings prompt, Example example, string? schema) =>
        prompt is { Form: PromptForm.Chat, Rationale: RationaleOrder.Before, Output: ReplyOutput.Text }
            ? ["chat", "1"]
            :
            [
                "chat", "2", prompt.Form.ToString(), prompt.Rationale.ToString(), prompt.Output.ToString(), .. Part(schema),
                .. Part(prompt.Rationale == RationaleOrder.ForGold ? task.Canonical(example, example.Label!) : null),
            ];

    private static IEnumerable<string> Answers(TaskSpec task, Example example) =>
    [
        task.Answer.ToString(),
        $"{task.Labels.Count}", .. task.Labels,
        $"{example.Choices.Count}", .. example.Choices,
    ];

    private static string[] Part(string? text) => text is null ? ["0"] : ["1", text];
}
