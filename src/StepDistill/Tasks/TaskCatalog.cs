using StepDistill.Recipes;

namespace StepDistill.Tasks;

/// <summary>The tasks that a recipe can name: the paper's, with inputs built exactly as its program builds them.</summary>
/// <remarks>Source: google-research/distilling-step-by-step, <c>data_utils.py</c>.</remarks>
public static class TaskCatalog
{
    /// <summary>Every preset, in alphabetical order.</summary>
    public static IReadOnlyList<TaskSpec> Presets { get; } =
    [
        new()
        {
            Name = "cqa",
            Answer = AnswerKind.Choice,
            InputTemplate = "{question}\nAnswer Choices:\n{choices}",
            ReplyFormat = "cqa-cot",
        },
        new()
        {
            Name = "nli",
            Answer = AnswerKind.Label,
            Labels = ["entailment", "neutral", "contradiction"],
            InputTemplate = "{premise}</s>{hypothesis}",
            ReplyFormat = "esnli-cot",
        },
        new()
        {
            Name = "svamp",
            Answer = AnswerKind.Equation,
            InputTemplate = "{Body}\n{Question}",
            ReplyFormat = "svamp-cot",
        },
    ];

    /// <summary>Finds a preset by name; null where there is none.</summary>
    /// <param name="name">A name, in any case.</param>
    public static TaskSpec? Find(string name) =>
        Presets.FirstOrDefault(preset => preset.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Says in one sentence why no task can be made of a section; null where one can.</summary>
    internal static string? Fault(TaskSection section)
    {
        if (Find(section.Name) is null && section.Answer is null && section.Labels is null)
        {
            var near = Presets.Where(preset => Distance(preset.Name, section.Name) <= 2).Select(preset => preset.Name).ToList();
            return $"task.name is '{section.Name}'; {(near.Count > 0 ? $"did you mean {string.Join(" or ", near)}? " : "")}"
                + $"The presets are {string.Join(", ", Presets.Select(preset => preset.Name))}; "
                + "a task of one's own needs task.answer (label, choice, equation or text) or task.labels beside its name.";
        }

        if (section.Labels?.FirstOrDefault(string.IsNullOrWhiteSpace) is not null)
        {
            return "task.labels holds a blank label; every label must have a visible character.";
        }

        return section.Labels is { } labels
            && labels.GroupBy(label => label.Trim(), StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is { } twice
                ? $"task.labels holds '{twice.Key}' more than once; labels must differ by more than case and outer blanks."
                : null;
    }

    /// <summary>Levenshtein's distance without regard to case.</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var replace = diagonal + (char.ToLowerInvariant(one[i - 1]) == char.ToLowerInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replace, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
