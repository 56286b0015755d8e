namespace StepDistill.Teachers;

/// <summary>How an <see cref="AnnotationRun"/> asks.</summary>
public sealed record AnnotationRunSettings
{
    /// <summary>Questions under way at once. Default: 4. With 1, annotations are stored in the order of the examples.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>Whether to ask again about examples whose newest attempt has the status Failed. Default: false.</summary>
    public bool RetryFailed { get; init; }

    /// <summary>Which of some keys are being asked in another way, such as in a batch, and are left alone; null where none are.</summary>
    public Func<IReadOnlyCollection<string>, IReadOnlySet<string>>? Elsewhere { get; init; }

    /// <summary>The number of questions (examples, times the teacher's answers to each) where it is known, for the time left; otherwise null.</summary>
    public long? Total { get; init; }

    /// <summary>How long questions under way may go on after a stop, so that answers paid for are kept. Default: 30 seconds.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The least time between two reports of progress. Default: a fifth of a second.</summary>
    public TimeSpan ReportEvery { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often progress is reported where nothing happens. Default: five seconds.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromSeconds(5);
}
