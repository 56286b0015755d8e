namespace StepDistill.Inference.Cascades;

/// <summary>What became of the calls that a <see cref="StudentFirstChatClient"/> has seen.</summary>
public sealed record StudentFirstCounts
{
    /// <summary>Answered by the student, being sure.</summary>
    public long Student { get; init; }

    /// <summary>Answered by the large model.</summary>
    public long Large { get; init; }

    /// <summary>Answered by the student although not sure, the day's calls being spent.</summary>
    public long StudentAboveCeiling { get; init; }

    /// <summary>Answered by the student although not sure, the large model having failed.</summary>
    public long StudentAfterFailure { get; init; }

    /// <summary>Answered by nobody.</summary>
    public long Abstained { get; init; }

    /// <summary>Calls on which the large model failed, whoever answered then; not those that the caller cancelled.</summary>
    public long LargeFailed { get; init; }

    /// <summary>Calls that the student could not be asked, such as one without choices.</summary>
    public long StudentFailed { get; init; }

    /// <summary>Audited answers of the student.</summary>
    public long Audited { get; init; }

    /// <summary>Of those, answers with which the large model agreed.</summary>
    public long Agreed { get; init; }

    /// <summary>Audits left out: too many waited, the day's calls were spent, the large model failed or gave no whole answer.</summary>
    public long AuditsLeftOut { get; init; }

    /// <summary>Rows in the log by this client.</summary>
    public long Logged { get; init; }

    /// <summary>Rows that could not be logged: the disk is full, or too many waited.</summary>
    public long NotLogged { get; init; }

    /// <summary>The large model's calls of the present day; 0 where they are not counted.</summary>
    public int LargeToday { get; init; }

    /// <summary>The newest thing that went wrong beside the calls, or in asking the student; null where nothing did.</summary>
    public string? Fault { get; init; }
}
