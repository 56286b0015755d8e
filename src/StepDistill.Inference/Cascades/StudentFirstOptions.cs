using Microsoft.Extensions.AI;
using StepDistill.Tasks;
using StepDistill.Teachers.Redaction;
using StepDistill.Teachers.Replies;

namespace StepDistill.Inference.Cascades;

/// <summary>When the student answers, what becomes of the rest, and what is kept.</summary>
public sealed record StudentFirstOptions
{
    /// <summary>The threshold and how calls looked when it was set: <see cref="CascadeFile.Read"/>.</summary>
    public required CascadeFile Cascade { get; init; }

    /// <summary>
    /// Gives the student's question for a call, or null where the call is not its task: then the large model answers. Default: the
    /// text of the last message of the user. Runs in the caller's time.
    /// </summary>
    public Func<IReadOnlyList<ChatMessage>, StudentQuestion?> Question { get; init; } = LastOfUser;

    /// <summary>Writes the student's answer as a reply. Default: its label. An application that expects another form gives it here.</summary>
    public Func<StudentAnswer, string> Reply { get; init; } = answer => answer.Label;

    /// <summary>The reply where nobody answers. Default: an empty text; the property <see cref="StudentFirstProperties.AnsweredBy"/> says so too.</summary>
    public string Abstention { get; init; } = "";

    /// <summary>The most calls of the large model in a day of UTC, audits among them; null for no ceiling. Default: null. From 0.</summary>
    public int? DailyCalls { get; init; }

    /// <summary>Where the day's count is kept, so that it outlives the process; null to forget it. Ignored without <see cref="DailyCalls"/>. Default: null.</summary>
    public string? DailyCallsFile { get; init; }

    /// <summary>What happens when the day's calls are spent. Default: <see cref="CeilingPolicy.Abstain"/>.</summary>
    public CeilingPolicy WhenSpent { get; init; } = CeilingPolicy.Abstain;

    /// <summary>Whether the student answers where the large model fails. Default: no, the caller sees the exception. A stream that broke off after its first update is never mended.</summary>
    public bool FallBackToStudent { get; init; }

    /// <summary>The share of the student's answers that the large model is asked about too, behind the caller's back, from 0 to 1. Default: 0.01.</summary>
    public double AuditShare { get; init; } = 0.01;

    /// <summary>Decides which inputs are audited: with the same seed always the same. Default: 0.</summary>
    public int AuditSeed { get; init; }

    /// <summary>Audits that may wait; further ones are left out and counted. Default: 256. From 1.</summary>
    public int AuditCapacity { get; init; } = 256;

    /// <summary>The file of rows that the next round trains on, JSON lines; null to keep none. Default: null.</summary>
    public string? Log { get; init; }

    /// <summary>Takes personal data out of what is logged. Default: <see cref="Redactor.BuiltIn"/>.</summary>
    public Func<string, string> Redact { get; init; } = Redactor.BuiltIn.Redact;

    /// <summary>How the large model's replies are read: one of <see cref="ReplyReader.Formats"/>. Default: <c>plain</c>.</summary>
    public string Format { get; init; } = "plain";

    /// <summary>Reads replies that no format fits; null where a format does.</summary>
    public Func<Example, string, Reply>? Parse { get; init; }

    /// <summary>How far back drift signals look, and how easily they alarm.</summary>
    public DriftOptions Drift { get; init; } = new();

    /// <summary>How long disposing may take to finish audits and write what waits. Default: 30 seconds.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    private static StudentQuestion? LastOfUser(IReadOnlyList<ChatMessage> messages) =>
        messages.LastOrDefault(message => message.Role == ChatRole.User)?.Text is { } text && !string.IsNullOrWhiteSpace(text) ? new(text) : null;

    /// <exception cref="ArgumentException">A number is outside its range, or the format unknown.</exception>
    /// <exception cref="StepDistillException">The cascade promises nothing, or is another student's.</exception>
    internal static void Check(StudentFirstOptions options, StudentDescription student)
    {
        if (options.AuditCapacity < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.AuditCapacity, "AuditCapacity must be at least 1.");
        }

        if (!(options.AuditShare is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.AuditShare, "AuditShare must be from 0 to 1.");
        }

        if (options.DailyCalls < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.DailyCalls, "DailyCalls must be at least 0.");
        }

        if (options.Parse is null && !ReplyReader.Formats.Contains(options.Format))
        {
            throw new ArgumentException($"Format is '{options.Format}'; it must be {string.Join(", ", ReplyReader.Formats)}.", nameof(options));
        }

        if (options.Cascade.Plan.Rule is null)
        {
            throw new StepDistillException($"The cascade has no threshold: {options.Cascade.Plan.Summary} Choose another target: stepdistill cascade RUN --accuracy 0.8");
        }

        var (made, precision) = (options.Cascade.Student, options.Cascade.Precision);
        if ((made is not null && made != student.Version) || (precision is not null && precision != student.Precision))
        {
            throw new StepDistillException(
                $"The cascade was set for version {made ?? "?"} of a student in {precision ?? "?"}, and this is {student.Name} {student.Version} in "
                + $"{student.Precision}, whose confidence means something else. Set it again: stepdistill cascade RUN --accuracy 0.9");
        }
    }
}
