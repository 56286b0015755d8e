using StepDistill.Runs;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>What one run of a comparison gave.</summary>
/// <param name="Report">Its student's answers to the rows that are compared.</param>
/// <param name="TrainingExamples">Examples that it was trained on.</param>
/// <param name="Run">What it was trained from, and how that went.</param>
public sealed record CellResult(EvaluationReport Report, int TrainingExamples, RunManifest Run)
{
    /// <summary>The student's parameters, embeddings included; null where they are not known.</summary>
    public long? Parameters { get; init; }

    /// <summary>Reasons that the student wrote for some of the rows, against the teacher's; null where it wrote none.</summary>
    public EvaluationReport? Rationales { get; init; }
}

/// <summary>What became of one run of a comparison: a result, or a fault.</summary>
/// <param name="Cell">The run.</param>
/// <param name="Result">What it gave; null where it failed.</param>
/// <param name="Fault">Why it failed; null where it did not.</param>
public sealed record CellOutcome(ComparisonCell Cell, CellResult? Result, string? Fault);
