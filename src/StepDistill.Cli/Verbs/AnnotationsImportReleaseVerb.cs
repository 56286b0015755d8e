using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Tasks.Releases;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill annotations import-release FOLDER SET</c>: brings over data and answers of the paper's own program.</summary>
internal sealed class AnnotationsImportReleaseVerb : Verb
{
    private readonly Argument<string> _folder = new("folder")
    {
        Description = "The folder 'datasets' that the paper's program unpacks: SET/SET_train.json beside SET/llm/train_CoT_0.json.",
    };

    private readonly Argument<string> _set = new Argument<string>("set")
    {
        Description = $"{string.Join(", ", PaperRelease.Sets)} (SVAMP with ASDiv's rows behind its training rows).",
    }.AcceptOnlyFromAmong([.. PaperRelease.Sets]);

    private readonly Option<string> _output = new("--out")
    {
        Description = "Where the rows go, as SET-train.jsonl, SET-validation.jsonl and SET-test.jsonl.",
        HelpName = "folder",
        DefaultValueFactory = _ => "data",
    };

    private readonly Option<string> _teacher = new Option<string>("--teacher")
    {
        Description = "Whose answers: palm (PaLM 540B) or gpt-neox (GPT-NeoX 20B).",
        DefaultValueFactory = _ => "palm",
    }.AcceptOnlyFromAmong([.. PaperRelease.Teachers]);

    /// <summary>Creates the verb.</summary>
    public AnnotationsImportReleaseVerb()
        : base(
            "import-release",
            "Brings over the rows, splits and teachers' answers that were released with the paper's own program.",
            "annotations import-release datasets cqa --out recipes/paper/data")
    {
        Arguments.Add(_folder);
        Arguments.Add(_set);
        Options.Add(_output);
        Options.Add(_teacher);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var (set, teacher) = (words.GetRequiredValue(_set), words.GetRequiredValue(_teacher));
        var splits = await PaperRelease.ImportAsync(
            words.GetRequiredValue(_folder), set, teacher, words.GetRequiredValue(_output), cancellation);
        foreach (var line in TextTable.Lines(["split", "rows", "answers", "file"], splits.Select(split => new[]
        {
            split.Name,
            split.Rows.ToString("N0", CultureInfo.InvariantCulture),
            split.Answers.ToString("N0", CultureInfo.InvariantCulture),
            split.Path,
        })))
        {
            terminal.Say(line);
        }

        terminal.Say("Name the files in a recipe's section task, with the teacher 'recorded'; recipes/paper has one for each set.");
        terminal.Result(new JsonObject
        {
            ["set"] = set,
            ["teacher"] = teacher,
            ["splits"] = new JsonArray([.. splits.Select(split => (JsonNode)new JsonObject
            {
                ["split"] = split.Name, ["rows"] = split.Rows, ["answers"] = split.Answers, ["file"] = split.Path,
            })]),
        });
        return ExitCode.Success;
    }
}
