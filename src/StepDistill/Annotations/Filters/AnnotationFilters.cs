using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Annotations.Filters;

/// <summary>Decides which of a teacher's answers are used, and counts what is dropped and why.</summary>
/// <remarks>
/// The filters run in the order of <see cref="Names"/>, whatever the recipe's, and the first that drops an answer counts it.
/// An answer is dropped as a whole, its label with its rationale, so that all arms of a comparison learn from the same rows.
/// What <c>distinct</c> says depends on the answers before, so rows must come in their own order. Not safe for use by several
/// threads at once.
/// </remarks>
public sealed class AnnotationFilters
{
    private readonly TaskSpec _task;
    private readonly HashSet<string> _keep;
    private readonly RationaleLengthSection _words;
    private readonly NearDuplicates _seen = new();
    private readonly Dictionary<(string Filter, string Reason), long> _dropped = [];

    /// <summary>Prepares the filters.</summary>
    /// <param name="task">When a label is right.</param>
    /// <param name="keep">The filters, some of <see cref="Names"/>; <c>readable</c> is always among them.</param>
    /// <param name="words">How long rationales may be, for <c>length</c>.</param>
    /// <exception cref="ArgumentException">There is no such filter.</exception>
    public AnnotationFilters(TaskSpec task, IReadOnlyList<string> keep, RationaleLengthSection? words = null)
    {
        if (keep.FirstOrDefault(name => !Names.Contains(name)) is { } unknown)
        {
            throw new ArgumentException($"keep has '{unknown}'; a filter must be {string.Join(", ", Names)}.", nameof(keep));
        }

        (_task, _keep, _words) = (task, [.. keep], words ?? new());
    }

    /// <summary>
    /// The filters in their order: <c>readable</c> (a label was read), <c>correct</c> (it is the gold label), <c>rationale</c> (there
    /// is one), <c>no-copy</c> (it is neither a part of the input nor the label alone), <c>length</c>, <c>language</c> (it is written
    /// in a script of the input), <c>distinct</c> (it is not nearly that of an earlier answer).
    /// </summary>
    public static IReadOnlyList<string> Names { get; } = ["readable", "correct", "rationale", "no-copy", "length", "language", "distinct"];

    /// <summary>What was dropped so far, in the filters' order.</summary>
    public IReadOnlyList<FilterCount> Dropped =>
    [
        .. from one in _dropped
           orderby Names.ToList().IndexOf(one.Key.Filter), one.Value descending, one.Key.Reason
           select new FilterCount(one.Key.Filter, one.Key.Reason, one.Value),
    ];

    /// <summary>Judges one answer; each is to be judged once.</summary>
    /// <param name="example">What was asked.</param>
    /// <param name="answer">The answer.</param>
    /// <returns>Why it is dropped; null where it is used.</returns>
    public string? Fault(Example example, Annotation answer)
    {
        foreach (var name in Names)
        {
            if ((name == "readable" || _keep.Contains(name)) && Fault(name, example, answer) is { } reason)
            {
                _dropped[(name, reason)] = _dropped.GetValueOrDefault((name, reason)) + 1;
                return reason;
            }
        }

        return null;
    }

    private string? Fault(string filter, Example example, Annotation answer) => filter switch
    {
        "readable" => Unreadable(answer),
        "correct" => example.Label is null ? "there is no gold label to check the teacher's by"
            : _task.IsCorrect(example, answer.Label!) ? null
            : "the teacher's label is wrong",
        "rationale" => string.IsNullOrWhiteSpace(answer.Rationale) ? "the teacher gave no rationale" : null,
        "length" => Length(answer.Rationale),
        _ when string.IsNullOrWhiteSpace(answer.Rationale) => null,
        "no-copy" => Copy(example, answer),
        "language" => WritingSystem.MayBeOf(answer.Rationale, example.Input ?? "") ? null : "the rationale is written in another script than the input",
        _ => _seen.Add(answer.Rationale) ? "the rationale is nearly that of an earlier answer" : null,
    };

    private static string? Unreadable(Annotation answer) => answer.Status switch
    {
        AnnotationStatus.Unreadable => "the teacher's reply is unreadable",
        AnnotationStatus.Refused => "the teacher refused",
        AnnotationStatus.Truncated => "the teacher's reply is truncated",
        AnnotationStatus.Failed => "the teacher gave no reply",
        _ => string.IsNullOrWhiteSpace(answer.Label) ? "the teacher's label is blank" : null,
    };

    private string? Length(string? rationale)
    {
        var words = RationaleWords.Count(rationale);
        return words < _words.Min ? $"the rationale has fewer than {_words.Min} words"
            : words > _words.Max ? $"the rationale has more than {_words.Max} words"
            : null;
    }

    private static string? Copy(Example example, Annotation answer)
    {
        var words = PlainWords.Of(answer.Rationale!);
        return words.Count == 0 ? null
            : PlainWords.Contains(PlainWords.Of(example.Input ?? ""), words) ? "the rationale is a part of the input"
            : IsLabelAlone(words, PlainWords.Of(answer.Label!)) ? "the rationale is the label alone"
            : null;
    }

    /// <summary>Whether nothing but the label is said, perhaps announced: "So the answer is fly."</summary>
    private static bool IsLabelAlone(List<string> words, List<string> label)
    {
        var announced = words.Count - label.Count;
        return announced >= 0 && words.TakeLast(label.Count).SequenceEqual(label)
            && words.Take(announced).All(word => word is "so" or "the" or "my" or "final" or "correct" or "label" or "answer" or "choice" or "is" || word.Length == 1);
    }
}
