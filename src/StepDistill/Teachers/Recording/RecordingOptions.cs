using Microsoft.Extensions.AI;
using StepDistill.Tasks;
using StepDistill.Teachers.Redaction;
using StepDistill.Teachers.Replies;

namespace StepDistill.Teachers.Recording;

/// <summary>Where a live application's calls are recorded, which of them, and how they become rows.</summary>
public sealed record RecordingOptions
{
    /// <summary>The file of rows, JSON lines: name it as <c>task.train</c> of a recipe with a recorded teacher.</summary>
    public required string Rows { get; init; }

    /// <summary>The annotation store, such as <c>runs/RECIPE/annotations.sqlite</c>; a file that does not exist is made.</summary>
    public required string Store { get; init; }

    /// <summary>Share of the inputs that are recorded, from 0 to 1, chosen by hash of the input: the same input is always in or always out. Default: 1.</summary>
    public double Share { get; init; } = 1;

    /// <summary>Takes personal data out of inputs and replies before anything is written. Default: <see cref="Redactor.BuiltIn"/>; <c>text => text</c> records them as they are.</summary>
    public Func<string, string> Redact { get; init; } = Redactor.BuiltIn.Redact;

    /// <summary>
    /// Gives the student's input for a call, or null to leave the call out. Default: the text of the last message of the user.
    /// A conversation whose last message means nothing without those before it needs another. Runs in the caller's time.
    /// </summary>
    public Func<IReadOnlyList<ChatMessage>, string?> Input { get; init; } =
        messages => messages.LastOrDefault(message => message.Role == ChatRole.User)?.Text;

    /// <summary>How replies are read: one of <see cref="ReplyReader.Formats"/>; the task's own where missing. A recipe that trains on the rows must say the same.</summary>
    public string? Format { get; init; }

    /// <summary>Reads replies that no format fits, such as an application's own JSON; null where a format does. It sees the redacted reply.</summary>
    public Func<Example, string, Reply>? Parse { get; init; }

    /// <summary>Calls that may wait to be written; further ones are let go and counted, for the caller never waits. Default: 1,024.</summary>
    public int Capacity { get; init; } = 1024;

    /// <summary>How long disposing may take to write what waits. Default: 30 seconds.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
