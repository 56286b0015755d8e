namespace StepDistill.Batches;

/// <summary>Which of the two tasks a pair trains.</summary>
public enum PairTask
{
    /// <summary>Input → label (or, in the single-task arm, input → rationale and label).</summary>
    Label,

    /// <summary>Input → rationale.</summary>
    Rationale,
}

/// <summary>One source text and the target that the student learns to write for it.</summary>
/// <param name="Task">Which of the two tasks this is.</param>
/// <param name="Source">The encoder's text, prefix included.</param>
/// <param name="Target">The decoder's text.</param>
public sealed record TrainingPair(PairTask Task, string Source, string Target);

/// <summary>All pairs made of one example, trained in the same step. The rationale pair is null where the arm has none or none is known.</summary>
/// <param name="ExampleId">The example.</param>
/// <param name="Label">The label pair.</param>
/// <param name="Rationale">The rationale pair, or null.</param>
/// <param name="Weight">How much the example counts; the mean over a training set is 1.</param>
public sealed record TrainingExample(string ExampleId, TrainingPair Label, TrainingPair? Rationale, double Weight = 1);

/// <summary>One row of a training set: the same example with each of its rationales in turn, of which an epoch trains one.</summary>
/// <param name="Choices">At least one; several where the teacher gave several answers.</param>
public sealed record TrainingRow(IReadOnlyList<TrainingExample> Choices);
