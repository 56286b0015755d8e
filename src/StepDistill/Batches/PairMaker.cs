using StepDistill.Recipes;

namespace StepDistill.Batches;

/// <summary>Writes lessons as the pairs that an arm trains on.</summary>
/// <remarks>
/// Source: google-research/distilling-step-by-step, <c>run.py</c>: plain input → label for fine-tuning and distillation;
/// prefixed input → label and prefixed input → rationale for step-by-step. Where the decoder marks the task, neither
/// input of step-by-step has a prefix. Safe for use by several threads at once.
/// </remarks>
/// <param name="training">Arm, prefixes and task mark.</param>
public sealed class PairMaker(TrainingSection training)
{
    private readonly (string Label, string Rationale) _prefixes =
        training is { Arm: Arms.StepByStep, TaskMark: "encoder" } ? (training.LabelPrefix, training.RationalePrefix) : ("", "");

    /// <summary>Writes one lesson.</summary>
    /// <param name="lesson">The lesson.</param>
    /// <returns>The example with each of its rationales, or once without any.</returns>
    public TrainingRow Make(Lesson lesson) => new(
        lesson.Rationales.Count == 0
            ? [Make(lesson, null)]
            : [.. lesson.Rationales.Select(rationale => Make(lesson, rationale))]);

    private TrainingExample Make(Lesson lesson, string? rationale) => training.Arm == Arms.SingleTask
        ? new TrainingExample(
            lesson.ExampleId,
            new TrainingPair(PairTask.Label, lesson.Input, SingleTaskTarget.Write(rationale, lesson.Label)),
            null,
            lesson.Weight)
        : new TrainingExample(
            lesson.ExampleId,
            new TrainingPair(PairTask.Label, _prefixes.Label + lesson.Input, lesson.Label),
            rationale is null ? null : new TrainingPair(PairTask.Rationale, _prefixes.Rationale + lesson.Input, rationale),
            lesson.Weight);
}
