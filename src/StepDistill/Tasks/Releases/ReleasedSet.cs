using System.Text.Json.Nodes;

namespace StepDistill.Tasks.Releases;

/// <summary>A data set of the paper's release: where its raw rows are, and what becomes of one.</summary>
/// <remarks>Source: google-research/distilling-step-by-step, <c>data_utils.py</c>.</remarks>
/// <param name="Name">Its folder in the release.</param>
/// <param name="HasValidation">Whether the release has validation rows; otherwise they are cut from the training rows.</param>
/// <param name="Fields">Turns a raw row into ours: the input's columns and <c>label</c>. A fault is a <see cref="FormatException"/>.</param>
internal sealed record ReleasedSet(
    string Name, bool HasValidation, Func<IReadOnlyDictionary<string, string?>, JsonObject> Fields)
{
    /// <summary>Digits of the numbers in ids, so that ids sort as rows do.</summary>
    public int Digits { get; init; } = 5;

    /// <summary>The labels that the raw NLI rows number.</summary>
    private static readonly string[] NliLabels = ["entailment", "neutral", "contradiction"];

    public static ReleasedSet Asdiv { get; } = new("asdiv", HasValidation: false, Problem);

    public static IReadOnlyList<ReleasedSet> All { get; } =
    [
        new("esnli", HasValidation: true, Pair) { Digits = 6 },
        new("anli1", HasValidation: true, Pair),
        new("cqa", HasValidation: false, Question),
        new("svamp", HasValidation: false, Problem),
    ];

    private static JsonObject Pair(IReadOnlyDictionary<string, string?> row)
    {
        var label = Text(row, "label");
        return new()
        {
            ["premise"] = Text(row, "premise"),
            ["hypothesis"] = Text(row, "hypothesis"),
            ["label"] = label is ['0' or '1' or '2'] ? NliLabels[label[0] - '0']
                : NliLabels.Contains(label, StringComparer.Ordinal) ? label
                : throw new FormatException($"its label is '{label}'; it must be 0, 1 or 2, or one of {string.Join(", ", NliLabels)}"),
        };
    }

    private static JsonObject Question(IReadOnlyDictionary<string, string?> row) => new()
    {
        ["question"] = Text(row, "question"),
        ["choices"] = new JsonArray([.. (Choices.FromColumns(row) ?? throw new FormatException("it has no 'choices'"))
            .Select(choice => (JsonNode)choice)]),
        ["label"] = Text(row, "answer"),
    };

    // Rows as the program keeps them hold input and label; those of SVAMP and ASDiv as published hold body and question.
    private static JsonObject Problem(IReadOnlyDictionary<string, string?> row) => new()
    {
        ["input"] = row.GetValueOrDefault("input") ?? $"{Text(row, "Body")}\n{Text(row, "Question")}",
        ["label"] = row.GetValueOrDefault("label") ?? row.GetValueOrDefault("Equation") ?? Text(row, "Answer").Split(' ')[0],
    };

    private static string Text(IReadOnlyDictionary<string, string?> row, string column) =>
        row.GetValueOrDefault(column) ?? throw new FormatException(
            $"it has no '{column}'; it has {string.Join(", ", row.Keys.Take(20).Select(name => $"'{name}'"))}");
}
