namespace StepDistill.Teachers.Recording;

/// <summary>What became of the calls that a <see cref="RecordingChatClient"/> has seen. Each is in one of the counts or still waits.</summary>
public sealed record RecordingCounts
{
    /// <summary>Calls that the model answered.</summary>
    public long Answered { get; init; }

    /// <summary>Of those, rows and annotations on the disk.</summary>
    public long Recorded { get; init; }

    /// <summary>Outside <see cref="RecordingOptions.Share"/>.</summary>
    public long NotSampled { get; init; }

    /// <summary>Their input is a row already; its first answer stays.</summary>
    public long Repeated { get; init; }

    /// <summary>Without an input, without text in the reply (such as calls of tools), cut off, stopped by a filter, or with a reply that the parser cannot read.</summary>
    public long Unusable { get; init; }

    /// <summary>Let go because <see cref="RecordingOptions.Capacity"/> others waited, or after the end.</summary>
    public long Dropped { get; init; }

    /// <summary>Lost to an exception while recording.</summary>
    public long Failed { get; init; }

    /// <summary>The newest such exception's message; null where there was none.</summary>
    public string? Fault { get; init; }
}
