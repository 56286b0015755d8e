using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Tasks;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill tasks [RECIPE]</c>: the presets, or a recipe's rows as teacher and student see them.</summary>
internal sealed class TasksVerb : Verb
{
    /// <summary>Labels that the distribution names; the rest are counted together.</summary>
    private const int ShownLabels = 10;

    private readonly RecipeWords _recipe = new(isOptional: true);

    /// <summary>Creates the verb.</summary>
    public TasksVerb()
        : base(
            "tasks",
            "Lists the presets of tasks. With a recipe: counts its rows, and shows its labels and a sample input.",
            "tasks",
            "tasks recipe.jsonc") => _recipe.AddTo(this, withRuns: false);

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        if (_recipe.PathOf(words) is null)
        {
            ShowPresets(terminal);
        }
        else
        {
            await ShowRowsAsync(words, terminal, cancellation);
        }

        return ExitCode.Success;
    }

    private static void ShowPresets(Terminal terminal)
    {
        foreach (var line in TextTable.Lines(
            ["task", "a label is", "input", "replies"],
            TaskCatalog.Presets.Select(preset => new[] { preset.Name, Describe(preset), Escape(preset.InputTemplate), preset.ReplyFormat })))
        {
            terminal.Say(line);
        }

        terminal.Say();
        terminal.Say("A recipe names one as task.name; a task of one's own takes any other name, and says in task.answer");
        terminal.Say("(label, choice, equation or text) what a label is.");
        terminal.Result(new JsonObject
        {
            ["tasks"] = new JsonArray([.. TaskCatalog.Presets.Select(preset => Json(preset))]),
        });
    }

    private async Task ShowRowsAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var (recipe, task, splits, _) = _recipe.Open(words);
        terminal.Say($"{recipe.Name}: task {task.Name}, a label is {Describe(task)}");
        var result = new JsonObject();
        Example? sample = null;
        foreach (var split in splits.All)
        {
            var (rows, inputs, recorded) = (0L, 0L, 0L);
            var labels = new Dictionary<string, long>();
            await foreach (var example in split.Read(cancellation))
            {
                rows++;
                inputs += example.Input is null ? 0 : 1;
                recorded += example.Recorded is null ? 0 : 1;
                sample ??= example.Input is null ? null : example;
                if (example.Label is { } label)
                {
                    labels[label] = labels.GetValueOrDefault(label) + 1;
                }
            }

            ShowSplit(terminal, split, rows, inputs, recorded, labels);
            result[split.Name] = new JsonObject
            {
                ["source"] = split.Source,
                ["rows"] = rows,
                ["with_input"] = inputs,
                ["with_gold"] = labels.Values.Sum(),
                ["recorded"] = recorded,
                ["labels"] = labels.Count <= 100
                    ? new JsonObject(Sorted(labels).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)))
                    : null,
            };
        }

        terminal.Say();
        terminal.Say($"A sample input ({sample?.Id ?? "there is none"}), as teacher and student see it:");
        terminal.Say(sample?.Input ?? "");
        terminal.Result(new JsonObject
        {
            ["recipe"] = recipe.Name,
            ["task"] = Json(task),
            ["splits"] = result,
            ["sample"] = sample is null
                ? null
                : new JsonObject { ["id"] = sample.Id, ["input"] = sample.Input, ["label"] = sample.Label },
        });
    }

    private static void ShowSplit(
        Terminal terminal, TaskSplit split, long rows, long inputs, long recorded, Dictionary<string, long> labels)
    {
        terminal.Say();
        terminal.Say($"{split.Name}: {split.Source}");
        terminal.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"  {rows:N0} rows, {inputs:N0} with input, {labels.Values.Sum():N0} with a gold label, {recorded:N0} with a recorded answer"));
        var sorted = Sorted(labels).ToList();
        foreach (var (label, count) in sorted.Take(ShownLabels))
        {
            terminal.Say(string.Create(
                CultureInfo.InvariantCulture, $"  {(double)count / labels.Values.Sum(),6:P1}  {Escape(label)}"));
        }

        if (sorted.Count > ShownLabels)
        {
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"          and {sorted.Count - ShownLabels:N0} other labels"));
        }
    }

    private static IEnumerable<KeyValuePair<string, long>> Sorted(Dictionary<string, long> labels) =>
        labels.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal);

    private static string Describe(TaskSpec task) => task.Answer switch
    {
        AnswerKind.Label => $"one of {string.Join(", ", task.Labels)}",
        AnswerKind.Choice => "one of the input's own choices",
        AnswerKind.Equation => "an equation, right when its value is",
        _ => "free text",
    };

    private static string Escape(string? text) => (text ?? "{input}").ReplaceLineEndings("\\n");

    private static JsonObject Json(TaskSpec task) => new()
    {
        ["name"] = task.Name,
        ["answer"] = task.Answer.ToString().ToLowerInvariant(),
        ["labels"] = new JsonArray([.. task.Labels.Select(label => (JsonNode)label)]),
        ["input"] = task.InputTemplate,
        ["label_column"] = task.LabelColumn,
        ["format"] = task.ReplyFormat,
    };
}
