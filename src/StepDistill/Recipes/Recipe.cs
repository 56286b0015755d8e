namespace StepDistill.Recipes;

/// <summary>Everything that decides a run's outcome: one section a stage, in the order data meets them.</summary>
/// <remarks>On disk names are in snake_case, as the field writes them: <c>max_steps</c>, <c>learning_rate</c>.</remarks>
public sealed record Recipe
{
    /// <summary>A short name for folders and reports, such as <c>esnli-small</c>: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What is learnt, and from which rows.</summary>
    public required TaskSection Task { get; init; }

    /// <summary>Who gives labels and rationales.</summary>
    public TeacherSection Teacher { get; init; } = new();

    /// <summary>How rows become token ids, and how many at a time.</summary>
    public BatchesSection Batches { get; init; } = new();

    /// <summary>The network that learns.</summary>
    public StudentSection Student { get; init; } = new();

    /// <summary>How it learns.</summary>
    public TrainingSection Training { get; init; } = new();

    /// <summary>How often and how it is measured.</summary>
    public EvaluationSection Evaluation { get; init; } = new();

    internal IEnumerable<string> Faults()
    {
        if (Name.Length is 0 or > 80 || !Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || Name[0] == '.')
        {
            yield return $"name is '{Name}'; it names folders, so it must be 1 to 80 letters, digits, '-', '_' or '.'.";
        }

        foreach (var fault in
            new[] { Task.Faults(), Teacher.Faults(), Batches.Faults(), Student.Faults(), Training.Faults(), Evaluation.Faults() }
                .SelectMany(section => section))
        {
            yield return fault;
        }
    }
}
