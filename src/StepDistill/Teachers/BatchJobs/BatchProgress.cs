using StepDistill.Annotations;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>How far a <see cref="BatchRun"/> has come.</summary>
public sealed record BatchProgress
{
    /// <summary>Questions looked at in the newest walk over the examples.</summary>
    public long Questions { get; init; }

    /// <summary>Those whose answers are stored.</summary>
    public long Stored { get; init; }

    /// <summary>Those that are still to be put into a batch, for the service's limits leave no room at the moment.</summary>
    public long Left { get; init; }

    /// <summary>Questions that this run has put into batches.</summary>
    public long Submitted { get; init; }

    /// <summary>Batches that this run has submitted.</summary>
    public long Batches { get; init; }

    /// <summary>Answers that this run has stored, by status.</summary>
    public IReadOnlyDictionary<AnnotationStatus, long> Statuses { get; init; } = new Dictionary<AnnotationStatus, long>();

    /// <summary>The batches that are open, oldest first.</summary>
    public IReadOnlyList<BatchRecord> Open { get; init; } = [];

    /// <summary>Questions in batches that ended before they were asked; they are asked again.</summary>
    public long Unasked { get; init; }

    /// <summary>Answers that have arrived to questions that the newest walk did not meet; they are kept until one does.</summary>
    public long Unclaimed { get; init; }

    /// <summary>Answers beyond the first to the same question.</summary>
    public long Repeated { get; init; }

    /// <summary>Answers to questions that nobody asked.</summary>
    public long Unknown { get; init; }

    /// <summary>Lines that are no answers.</summary>
    public long Garbage { get; init; }

    /// <summary>What went wrong with whole batches, in sentences. Where there is any, this run submits no more.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>Questions in open batches.</summary>
    public long Waiting => Open.Sum(batch => batch.Requests);
}
