namespace StepDistill.Tasks;

/// <summary>One row of a task: an input, and what is known about its answer.</summary>
public sealed record Example
{
    /// <summary>
    /// Names the row; made from the content where the data has none. Rows are matched by it, never by position.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>
    /// The text that teacher and student see, built by the task's template without any task prefix; null where the
    /// text is not known. A row without it can carry a recorded answer, but nobody can be asked or trained on it.
    /// </summary>
    public required string? Input { get; init; }

    /// <summary>The gold label, or null where none is known.</summary>
    public string? Label { get; init; }

    /// <summary>The input's own choices in order, where the task is to choose among them; otherwise empty.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The row's columns by name, for prompt templates.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary>What a teacher already said about this row, where the data holds it; otherwise null.</summary>
    public RecordedAnswer? Recorded { get; init; }
}

/// <summary>
/// A teacher's answer that came with the data: either its raw reply, or a rationale and a label already parted.
/// </summary>
/// <param name="Completion">The untouched reply (column <c>teacher.completion</c>), or null.</param>
/// <param name="Rationale">The rationale (column <c>rationale</c>), or null.</param>
/// <param name="Label">The teacher's label (column <c>teacher_label</c>), or null.</param>
/// <param name="Model">Who said it (column <c>teacher.model</c>), or null where the data does not say.</param>
public sealed record RecordedAnswer(string? Completion, string? Rationale, string? Label, string? Model);
