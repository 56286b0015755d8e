using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Batches;

/// <summary>Turns examples and annotations into the pairs that an arm trains on, and counts what it leaves out.</summary>
/// <remarks>
/// Source: google-research/distilling-step-by-step, <c>run.py</c>: plain input → label for fine-tuning and distillation;
/// prefixed input → label and prefixed input → rationale for step-by-step. One difference: where a teacher's reply could
/// not be read, the program trains on a blank label; here there is no such label, and the example is left out and counted.
/// Not safe for use by several threads at once.
/// </remarks>
public sealed class PairMaker
{
    private readonly TaskSpec _task;
    private readonly TrainingSection _training;
    private readonly bool _onlyCorrect;
    private readonly bool _teacherLabels;
    private readonly bool _rationales;
    private readonly SortedDictionary<string, int> _leftOut = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _withoutRationale = new(StringComparer.Ordinal);
    private int _made;

    /// <summary>Creates the maker for one arm.</summary>
    /// <param name="task">When a label is right.</param>
    /// <param name="training">Arm, label source and prefixes.</param>
    /// <param name="keep">
    /// Which annotations count: <c>readable</c> (status Ok) or <c>correct</c> (also the label is right, so the example needs
    /// a gold label).
    /// </param>
    public PairMaker(TaskSpec task, TrainingSection training, string keep = "readable")
    {
        _task = task;
        _training = training;
        _onlyCorrect = keep switch
        {
            "readable" => false,
            "correct" => true,
            _ => throw new ArgumentException($"keep is '{keep}'; it must be readable or correct.", nameof(keep)),
        };
        (_teacherLabels, _rationales) = training.Arm switch
        {
            Arms.Finetune => (false, false),
            Arms.Distill => (true, false),
            Arms.StepByStep or Arms.SingleTask => (training.LabelSource == "teacher", true),
            _ => throw new ArgumentException(
                $"The arm is '{training.Arm}'; it must be {string.Join(", ", Arms.All)}.", nameof(training)),
        };
    }

    /// <summary>What was made and left out so far.</summary>
    public PairCounts Counts => new(_made, new Dictionary<string, int>(_leftOut), new Dictionary<string, int>(_withoutRationale));

    /// <summary>Makes the pairs of one example.</summary>
    /// <param name="example">The example.</param>
    /// <param name="annotation">What the teacher said about it; null where nothing is stored.</param>
    /// <returns>The pairs, or null where the input or the label that the arm needs is missing.</returns>
    public TrainingExample? Make(Example example, Annotation? annotation)
    {
        var fault = Fault(example, annotation);
        var label = _teacherLabels ? (fault is null ? annotation!.Label : null) : example.Label;
        if (example.Input is not { } input || string.IsNullOrWhiteSpace(label))
        {
            Count(_leftOut, example.Input is null ? "the input is not known" : _teacherLabels ? fault! : "there is no gold label");
            return null;
        }

        _made++;
        if (!_rationales)
        {
            return new TrainingExample(example.Id, new TrainingPair(PairTask.Label, input, label), null);
        }

        var rationale = fault is null && !string.IsNullOrWhiteSpace(annotation!.Rationale) ? annotation.Rationale : null;
        if (rationale is null)
        {
            Count(_withoutRationale, fault ?? "the teacher gave no rationale");
        }

        return _training.Arm == Arms.SingleTask
            ? new TrainingExample(example.Id, new TrainingPair(PairTask.Label, input, SingleTaskTarget.Write(rationale, label)), null)
            : new TrainingExample(
                example.Id,
                new TrainingPair(PairTask.Label, _training.LabelPrefix + input, label),
                rationale is null ? null : new TrainingPair(PairTask.Rationale, _training.RationalePrefix + input, rationale));
    }

    /// <summary>Why an annotation does not count; null where it does.</summary>
    private string? Fault(Example example, Annotation? annotation) => annotation switch
    {
        null => "the example is not annotated",
        { Status: AnnotationStatus.Unreadable } => "the teacher's reply is unreadable",
        { Status: AnnotationStatus.Refused } => "the teacher refused",
        { Status: AnnotationStatus.Truncated } => "the teacher's reply is truncated",
        { Status: AnnotationStatus.Failed } => "the teacher gave no reply",
        _ when string.IsNullOrWhiteSpace(annotation.Label) => "the teacher's label is blank",
        _ when !_onlyCorrect => null,
        _ when example.Label is null => "there is no gold label to check the teacher's by",
        { Label: { } label } when _task.IsCorrect(example, label) => null,
        _ => "the teacher's label is wrong",
    };

    private static void Count(SortedDictionary<string, int> counts, string reason) =>
        counts[reason] = counts.GetValueOrDefault(reason) + 1;
}
