using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Prompts;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill annotations prompt RECIPE [ID]</c>: what the teacher would be asked about a row, before anything is paid.</summary>
internal sealed class AnnotationsPromptVerb : Verb
{
    private static readonly JsonSerializerOptions AsText = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly RecipeWords _recipe = new();

    private readonly Argument<string?> _id = new("id")
    {
        Description = "The row's id, as annotations list shows it; without it the first row that can be asked about.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly TeacherStage _teacher;

    /// <summary>Creates the verb.</summary>
    public AnnotationsPromptVerb(StageSet stages)
        : base(
            "prompt",
            "Shows the whole prompt for one row, and what goes with it. Nobody is asked; no key and no server is needed.",
            "annotations prompt recipe.jsonc",
            "annotations prompt recipe.jsonc train-07 --json")
    {
        _teacher = stages.Teacher;
        _recipe.AddTo(this);
        Arguments.Add(_id);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var teacher = await _teacher(recipe.Recipe, recipe.Task, maxCost: null, cancellation);
        using var disposable = teacher as IDisposable;
        if (teacher is not ChatTeacher chat)
        {
            throw new StepDistillException(
                $"The teacher of {recipe.Recipe.Name} is '{recipe.Recipe.Teacher.Name}': its answers are there already, so there is no "
                + "prompt. One that is asked has teacher.name 'chat' and a teacher.model.");
        }

        var (example, split) = await FindAsync(recipe, chat, words, cancellation);
        var questions = chat.QuestionsAbout(example);
        terminal.Say($"{example.Id} ({split})");
        if (questions.Count > 1)
        {
            terminal.Say("One request more will show whether the server enforces a JSON schema; the first prompt is for a server that "
                + "does, the second for one that does not.");
        }

        foreach (var question in questions)
        {
            Show(terminal, question);
        }

        terminal.Result(new JsonObject
        {
            ["id"] = example.Id,
            ["split"] = split,
            ["key"] = chat.KeyOf(example),
            ["prompts"] = new JsonArray([.. questions.Select(question => (JsonNode)Json(question))]),
        });
        return ExitCode.Success;
    }

    private async Task<(Example Example, string Split)> FindAsync(
        OpenedRecipe recipe, ChatTeacher teacher, ParseResult words, CancellationToken cancellation)
    {
        var id = words.GetValue(_id);
        foreach (var split in recipe.Splits.All)
        {
            var example = await split.Read(cancellation)
                .FirstOrDefaultAsync(row => id is null ? teacher.CanAnswer(row) : row.Id == id, cancellation);
            if (example is not null)
            {
                return teacher.CanAnswer(example) ? (example, split.Name) : throw new StepDistillException(
                    $"Nobody can be asked about the row '{id}': its input is not known, or its gold label is not and "
                    + "teacher.rationale 'for-gold' gives it.");
            }
        }

        throw new StepDistillException(id is null
            ? $"No row of {recipe.Recipe.Name} can be asked about: their inputs are not known, or their gold labels are not and "
                + "teacher.rationale is 'for-gold'."
            : $"No row of {recipe.Recipe.Name} has the id '{id}'. The ids are shown by: stepdistill annotations list {_recipe.PathOf(words)}");
    }

    private static void Show(Terminal terminal, ChatQuestion question)
    {
        foreach (var message in question.Messages)
        {
            terminal.Say();
            terminal.Say($"[{message.Role.Value}]");
            terminal.Say(message.Text.ReplaceLineEndings());
        }

        terminal.Say();
        foreach (var (name, value) in Parameters(question))
        {
            terminal.Say($"{name + ":",-13}{value!.ToJsonString(AsText)}");
        }

        terminal.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{"tokens:",-13}about {question.TokensAbout:N0}, a quarter of its {question.Bytes:N0} bytes; only the model's own tokenizer knows"));
    }

    private static JsonObject Json(ChatQuestion question) => new()
    {
        ["output"] = question.IsJson ? "json" : "text",
        ["messages"] = new JsonArray([.. question.Messages.Select(message => (JsonNode)new JsonObject
        {
            ["role"] = message.Role.Value,
            ["text"] = message.Text,
        })]),
        ["parameters"] = Parameters(question),
        ["bytes"] = question.Bytes,
        ["tokens_about"] = question.TokensAbout,
    };

    /// <summary>What goes with the messages.</summary>
    private static JsonObject Parameters(ChatQuestion question)
    {
        var parameters = new JsonObject
        {
            ["model"] = question.Options.ModelId,
            ["temperature"] = question.Options.Temperature,
            ["max_tokens"] = question.Options.MaxOutputTokens,
        };
        if (question.Options.StopSequences is { } stop)
        {
            parameters["stop"] = new JsonArray([.. stop.Select(one => (JsonNode)one)]);
        }

        if (question.Schema is { } schema)
        {
            parameters["schema"] = JsonNode.Parse(schema.GetRawText());
        }

        return parameters;
    }
}
