using StepDistill.Annotations;

namespace StepDistill.Teachers;

/// <summary>How far an <see cref="AnnotationRun"/> has come.</summary>
public sealed record AnnotationProgress
{
    /// <summary>Examples looked at so far, each once for each of the teacher's answers to it.</summary>
    public long Examples { get; init; }

    /// <summary>Of those, left alone: stored before, asked about by an earlier example of this run, or without input for a teacher that needs one.</summary>
    public long Skipped { get; init; }

    /// <summary>Questions put to the teacher.</summary>
    public long Asked { get; init; }

    /// <summary>Answers that are on the disk.</summary>
    public long Stored { get; init; }

    /// <summary>Of those, how many have each status.</summary>
    public required IReadOnlyDictionary<AnnotationStatus, long> Statuses { get; init; }

    /// <summary>Tokens of prompts and replies as far as providers counted them.</summary>
    public long Tokens { get; init; }

    /// <summary>What a user should know about how the teacher has asked, in whole sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Time since the run began.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Time left at the rate so far; null where the number of examples is not known or nothing is stored yet.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Why nothing is asked at the moment, such as exhausted credit; null while questions are asked.</summary>
    public string? Paused { get; init; }

    /// <summary>Dollars spent by this run; zero where the price is not known. Replies lost on their way count as dear as they can have been.</summary>
    public decimal Spent { get; init; }
}
