using StepDistill.Annotations;
using StepDistill.Annotations.Filters;
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
    private readonly AnnotationFilters _filters;
    private readonly bool _teacherLabels;
    private readonly bool _rationales;
    private readonly SortedDictionary<string, int> _leftOut = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _withoutRationale = new(StringComparer.Ordinal);
    private int _made;
    private int _cut;

    /// <summary>Creates the maker for one arm.</summary>
    /// <param name="task">When a label is right.</param>
    /// <param name="training">Arm, label source, and what is done to rationales and weights.</param>
    /// <param name="filters">Which annotations count; where missing, those with a readable label.</param>
    public LessonMaker(TaskSpec task, TrainingSection training, AnnotationFilters? filters = null)
    {
        (_task, _training, _filters) = (task, training, filters ?? new AnnotationFilters(task, ["readable"]));
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
        new(_made, new Dictionary<string, int>(_leftOut), new Dictionary<string, int>(_withoutRationale), _cut)
        {
            Dropped = _filters.Dropped,
        };

    /// <summary>Makes the lesson of one example.</summary>
    /// <param name="example">The example.</param>
    /// <param name="annotations">What the teacher said about it; empty where nothing is stored.</param>
    /// <returns>The lesson, or null where the input or the label that the arm needs is missing.</returns>
    public Lesson? Make(Example example, IReadOnlyList<Annotation> annotations)
    {
        if (example.Input is not { } input)
        {
            Count(_leftOut, "the input is not known");
            return null;
        }

        var judged = annotations.Select(annotation => (Annotation: annotation, Fault: _filters.Fault(example, annotation))).ToList();
        var usable = judged.Where(one => one.Fault is null).Select(one => one.Annotation).ToList();
        var fault = usable.Count > 0 ? null : judged.Count > 0 ? judged[0].Fault : "the example is not annotated";
        var label = _teacherLabels ? TeacherVote.Of(_task, example, usable)?.Label : example.Label;
        if (string.IsNullOrWhiteSpace(label))
        {
            Count(_leftOut, _teacherLabels ? fault! : "there is no gold label");
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

    private List<string> Rationales(Example example, string label, List<Annotation> usable, string? fault)
    {
        var rationales = usable
            .Where(annotation => !_teacherLabels || TeacherVote.Agree(_task, example, label, annotation.Label!))
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
        return (readable.Count(one => TeacherVote.Agree(_task, example, label, one.Label!)) + 1.0) / (readable.Count + 2.0);
    }

    private static void Count(SortedDictionary<string, int> counts, string reason) =>
        counts[reason] = counts.GetValueOrDefault(reason) + 1;
}
