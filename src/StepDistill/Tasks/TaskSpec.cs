using StepDistill.Recipes;

namespace StepDistill.Tasks;

/// <summary>A task as data: what a label is, how an input is written from columns, and when a label is right.</summary>
/// <remarks>Immutable, so safe for use by several threads at once.</remarks>
public sealed record TaskSpec
{
    /// <summary>The preset's name, or a name of one's own.</summary>
    public required string Name { get; init; }

    /// <summary>What a label is.</summary>
    public required AnswerKind Answer { get; init; }

    /// <summary>
    /// The closed set of labels where <see cref="Answer"/> is <see cref="AnswerKind.Label"/>; otherwise empty.
    /// </summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>
    /// How an input is written, with columns in braces: <c>{premise}&lt;/s&gt;{hypothesis}</c>; <c>{choices}</c> writes
    /// the row's choices as lines <c>(a) …</c>. Null, or a row without those columns: the column <c>input</c>.
    /// </summary>
    public string? InputTemplate { get; init; }

    /// <summary>The column of the gold label.</summary>
    public string LabelColumn { get; init; } = "label";

    /// <summary>
    /// How a teacher's replies are read where the recipe does not say: see
    /// <see cref="Teachers.Replies.ReplyReader.Formats"/>.
    /// </summary>
    public string ReplyFormat { get; init; } = "plain";

    /// <summary>
    /// Makes a task from a recipe's section: the preset of that name, overridden by what the section says.
    /// </summary>
    /// <param name="section">The section <c>task</c>.</param>
    /// <exception cref="StepDistillException">
    /// The name is no preset and the section does not say what a label is.
    /// </exception>
    public static TaskSpec From(TaskSection section)
    {
        if (TaskCatalog.Fault(section) is { } fault)
        {
            throw new StepDistillException(fault);
        }

        var spec = TaskCatalog.Find(section.Name)
            ?? new TaskSpec { Name = section.Name, Answer = AnswerKind.Label };
        return spec with
        {
            Answer = section.Answer is { } answer ? Enum.Parse<AnswerKind>(answer, ignoreCase: true) : spec.Answer,
            Labels = section.Labels ?? spec.Labels,
            InputTemplate = section.Input ?? spec.InputTemplate,
            LabelColumn = section.LabelColumn ?? spec.LabelColumn,
        };
    }

    /// <summary>
    /// Gives a label in the task's own writing: the listed label, the choice's text, the equation or text with white
    /// space collapsed.
    /// </summary>
    /// <param name="example">The example that the label is for.</param>
    /// <param name="label">A label as a person, teacher or student wrote it.</param>
    /// <returns>
    /// The label, or null where the task does not allow it: a word outside the set, an equation without a value.
    /// </returns>
    public string? Canonical(Example example, string label)
    {
        var text = WhiteSpace.Collapse(label);
        return text.Length == 0
            ? null
            : Answer switch
            {
                AnswerKind.Label => Labels.FirstOrDefault(one => Same(one, text)),
                AnswerKind.Choice => ChoiceOf(example.Choices, text),
                AnswerKind.Equation => Equation.TryEvaluate(text, out _, out _) ? text : null,
                _ => text,
            };
    }

    /// <summary>Whether a label is right.</summary>
    /// <param name="example">The example; its gold label decides.</param>
    /// <param name="label">
    /// The label to judge. Labels of a set and choices are compared without regard to case and outer white space,
    /// choices also by their letter; equations by their exact value; text after collapsing white space.
    /// </param>
    /// <returns>False also where the example has no gold label.</returns>
    public bool IsCorrect(Example example, string label)
    {
        if (example.Label is not { } gold)
        {
            return false;
        }

        if (Answer == AnswerKind.Equation)
        {
            return Equation.TryEvaluate(label, out var value, out _)
                && Equation.TryEvaluate(gold, out var expected, out _)
                && value == expected;
        }

        // A student's label may be any text; a gold choice may stand for itself where the choices are not known.
        var said = Canonical(example, label) ?? WhiteSpace.Collapse(label);
        var right = Canonical(example, gold) ?? WhiteSpace.Collapse(gold);
        return Answer == AnswerKind.Text ? said == right : Same(said, right);
    }

    private static string? ChoiceOf(IReadOnlyList<string> choices, string text) =>
        choices.FirstOrDefault(choice => Same(WhiteSpace.Collapse(choice), text))
        ?? (Choices.IndexOfLetter(text) is { } index && index < choices.Count ? choices[index] : null);

    private static bool Same(string one, string other) =>
        string.Equals(one.Trim(), other.Trim(), StringComparison.OrdinalIgnoreCase);
}
