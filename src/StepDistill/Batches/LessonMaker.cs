using StepDistill.Annotations;
using StepDistill.Files;
using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Batches;

/// <summary>Decides which label and which rationales an arm takes from an example and its annotations, and counts what it leaves out.</summary>
/// <remarks>
/// One difference from the paper's program: where a teacher's reply could not be read, the program trains on a blank
/// label; here there is no such label, and the example is left out and counted. Where the teacher gave several answers,
/// its label is the one that most of them give, the earliest of equals, and the rationales of the others are not
/// trained beside it; a gold label goes with all of them, as in the paper. Not safe for use by several threads at once.
/// </remarks>
public sealed class LessonMaker
{
    private readonly TaskSpec _task;
    private readonly TrainingSection _training;
    private readonly bool _onlyCorrect;
    private readonly bool _teacherLabels;
    private readonly bool _rationales;
    private readonly SortedDictionary<string, int> _leftOut = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _withoutRationale = new(StringComparer.Ordinal);
    private int _made;
    private int _cut;

    /// <summary>Creates the maker for one arm.</summary>
    /// <param name="task">When a label is right.</param>
    /// <param name="training">Arm, label source, and what is done to rationales and weights.</param>
    /// <param name="keep">
    /// Which annotations count: <c>readable</c> (status Ok) or <c>correct</c> (also the label is right, so the example needs
    /// a gold label).
    /// </param>
    public LessonMaker(TaskSpec task, TrainingSection training, string keep = "readable")
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
    public PairCounts Counts =>
        new(_made, new Dictionary<string, int>(_leftOut), new Dictionary<string, int>(_withoutRationale), _cut);

    /// <summary>Makes the lesson of one example.</summary>
    /// <param name="example">The example.</param>
    /// <param name="annotations">What the teacher said about it; empty where nothing is stored.</param>
    /// <returns>The lesson, or null where the input or the label that the arm needs is missing.</returns>
    public Lesson? Make(Example example, IReadOnlyList<Annotation> annotations)
    {
        var usable = annotations.Where(annotation => Fault(example, annotation) is null).ToList();
        var fault = usable.Count > 0 ? null : Fault(example, annotations.Count > 0 ? annotations[0] : null);
        var label = _teacherLabels ? Vote(example, usable) : example.Label;
        if (example.Input is not { } input || string.IsNullOrWhiteSpace(label))
        {
            Count(_leftOut, example.Input is null ? "the input is not known" : _teacherLabels ? fault! : "there is no gold label");
            return null;
        }

        _made++;
        return new Lesson(
            example.Id,
            input,
            label,
            _rationales ? Rationales(example, label, usable, fault) : [],
            _training.WeightByAgreement ? Agreement(example, label, annotations) : 1);
    }

    /// <summary>The label that most answers give, the earliest of equals; null without answers.</summary>
    private string? Vote(Example example, List<Annotation> usable) =>
        usable.MaxBy(one => usable.Count(other => Agree(example, one.Label!, other.Label!)))?.Label;

    private List<string> Rationales(Example example, string label, List<Annotation> usable, string? fault)
    {
        var rationales = usable
            .Where(annotation => !_teacherLabels || Agree(example, label, annotation.Label!))
            .Select(annotation => annotation.Rationale)
            .OfType<string>()
            .Where(rationale => !string.IsNullOrWhiteSpace(rationale))
            .ToList();
        var without = rationales.Count == 0 ? fault ?? "the teacher gave no rationale"
            : ContentHash.Share("training rationales", example.Id) >= _training.RationaleShare ? "it is outside training.rationale_share"
            : null;
        if (without is not null)
        {
            Count(_withoutRationale, without);
            return [];
        }

        return rationales.ConvertAll(Shortened);
    }

    private string Shortened(string rationale)
    {
        var shortened = RationaleLimit.Cut(rationale, _training.MaxRationaleWords);
        _cut += shortened.Length < rationale.Length ? 1 : 0;
        return shortened;
    }

    /// <summary>How likely the next answer agrees with the label: Laplace's rule, one answer for and one against added to those there are.</summary>
    /// <remarks>
    /// Never 0, and the more answers there are, the closer to their plain share: one answer counts 2/3 or 1/3, none 1/2, three
    /// that all disagree 1/5. A single disagreeing answer is weak evidence that a gold label is wrong.
    /// </remarks>
    private double Agreement(Example example, string label, IReadOnlyList<Annotation> annotations)
    {
        var readable = annotations.Where(one => one.Status == AnnotationStatus.Ok && !string.IsNullOrWhiteSpace(one.Label)).ToList();
        return (readable.Count(one => Agree(example, label, one.Label!)) + 1.0) / (readable.Count + 2.0);
    }

    private bool Agree(Example example, string label, string other) => _task.IsCorrect(example with { Label = label }, other);

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
