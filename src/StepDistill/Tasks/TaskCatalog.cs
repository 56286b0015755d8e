using StepDistill.Recipes;

namespace StepDistill.Tasks;

/// <summary>
/// The tasks that a recipe can name: the paper's, with inputs built exactly as its program builds them.
/// </summary>
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
            var name = section.Name.ToLowerInvariant();
            var names = Presets.Select(preset => preset.Name).ToList();
            var near = names.Where(preset => NearestName.Distance(preset, name) <= 2).ToList();
            var hint = near.Count > 0 ? $"did you mean {string.Join(" or ", near)}? " : "";
            return $"task.name is '{section.Name}'; {hint}"
                + $"The presets are {string.Join(", ", names)}; "
                + "a task of one's own needs task.answer (label, choice, equation or text) or task.labels too.";
        }

        if (section.Labels?.FirstOrDefault(string.IsNullOrWhiteSpace) is not null)
        {
            return "task.labels holds a blank label; every label must have a visible character.";
        }

        var twice = section.Labels?
            .GroupBy(label => label.Trim(), StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(group => group.Count() > 1);
        return twice is null
            ? null
            : $"task.labels holds '{twice.Key}' more than once; labels must differ by more than case and outer blanks.";
    }
}
