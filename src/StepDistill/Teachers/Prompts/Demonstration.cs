using StepDistill.Tasks;

namespace StepDistill.Teachers.Prompts;

/// <summary>A worked example for the prompt: an input with the reasons and the answer that the teacher should give.</summary>
/// <param name="Example">The input, its gold label and its choices.</param>
/// <param name="Rationale">The reasons, in one to three sentences.</param>
public sealed record Demonstration(Example Example, string Rationale)
{
    /// <summary>Reads demonstrations from a file that has any format that rows can have, usually .jsonl.</summary>
    /// <param name="task">The task that they show.</param>
    /// <param name="path">
    /// The file: columns <c>rationale</c>, <c>label</c> or the task's own label column, and <c>input</c> or the columns of the task's input template;
    /// <c>choices</c> where the task is to choose and the input does not list them.
    /// </param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="StepDistillException">
    /// The file cannot be read or holds no row, or rows in it are faulty: each is named with line and reason.
    /// </exception>
    public static async Task<IReadOnlyList<Demonstration>> ReadAsync(
        TaskSpec task, string path, CancellationToken cancellation = default)
    {
        var demonstrations = new List<Demonstration>();
        var faults = new RowFaults(path, DataFile.Unit(path));
        await foreach (var row in DataFile.ReadAsync(path, faults, cancellation).ConfigureAwait(false))
        {
            try
            {
                demonstrations.Add(Read(task, row, $"demonstration in {DataFile.Unit(path)} {row.Number} of {path}"));
            }
            catch (FormatException e)
            {
                faults.Add(row.Number, e.Message);
            }
        }

        faults.ThrowIfAny();
        return demonstrations.Count > 0 ? demonstrations : throw faults.Fatal(null,
            "the file holds no demonstration; write one a line, such as "
            + $"{{\"input\": \"…\", \"rationale\": \"…\", \"label\": \"{(task.Labels.Count > 0 ? task.Labels[0] : "…")}\"}}.");
    }

    private static Demonstration Read(TaskSpec task, DataRow row, string name)
    {
        var choices = Choices.FromColumns(row.Columns) ?? [];
        var input = (task.InputTemplate is { } template ? new InputTemplate(template).Write(row.Columns, choices) : null)
            ?? Text(row, "input")
            ?? throw new FormatException(
                $"it has no 'input'{(task.InputTemplate is null ? "" : $", nor all columns of {task.InputTemplate.ReplaceLineEndings(" ")}")}; {Found(row)}.");
        var example = new Example
        {
            Id = name,
            Input = input,
            Choices = choices.Count > 0 ? choices : Choices.FromInput(input),
            Columns = row.Columns.Where(column => column.Value is not null)
                .ToDictionary(column => column.Key, column => column.Value!, StringComparer.OrdinalIgnoreCase),
        };
        if (task.Answer == AnswerKind.Choice && example.Choices.Count < 2)
        {
            throw new FormatException("it has no choices: end the input in lines '(a) …', '(b) …', or list them as 'choices'.");
        }

        var label = Text(row, task.LabelColumn) ?? Text(row, "label") ?? throw new FormatException(
            $"it has no 'label'{(task.LabelColumn == "label" ? "" : $" or '{task.LabelColumn}'")}; {Found(row)}.");
        return new Demonstration(
            example with
            {
                Label = task.Canonical(example, label)
                    ?? throw new FormatException($"its label '{label}' is not one that the task allows: {Allowed(task, example)}."),
            },
            Text(row, "rationale")
                ?? throw new FormatException($"it has no 'rationale', and the reasons are what it shows; {Found(row)}."));
    }

    private static string Found(DataRow row) => $"it has {string.Join(", ", row.Columns.Keys.Take(20).Select(name => $"'{name}'"))}";

    private static string Allowed(TaskSpec task, Example example) => task.Answer switch
    {
        AnswerKind.Label => string.Join(", ", task.Labels),
        AnswerKind.Choice => string.Join(", ", example.Choices),
        _ => "an equation with a value, such as (12 - 5)",
    };

    private static string? Text(DataRow row, string column) =>
        row.Columns.GetValueOrDefault(column)?.Trim() is { Length: > 0 } text ? text : null;
}
