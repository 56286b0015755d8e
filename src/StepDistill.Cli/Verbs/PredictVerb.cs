using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Recipes;
using StepDistill.Students;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill predict FOLDER [TEXT…]</c>: asks a student.</summary>
internal sealed class PredictVerb : Verb
{
    /// <summary>Lines of standard input answered together.</summary>
    private const int LinesAtATime = 64;

    private readonly Argument<string> _folder = new("folder")
    {
        Description = "A student's folder, or that of a run.",
    };

    private readonly Argument<string[]> _texts = new("text")
    {
        Description = "The inputs. Without any, each line of standard input is one; a line in JSON's quotes may hold line breaks.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _rationale = new("--rationale")
    {
        Description = "Lets the student give its reasons too.",
    };

    private readonly Option<int> _beams = new("--beams")
    {
        Description = "Beams of the search; 1 is greedy.",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<int> _maxTokens = new("--max-tokens")
    {
        Description = "Tokens an answer may have.",
        DefaultValueFactory = _ => 64,
    };

    private readonly StageSet _stages;

    /// <summary>Creates the verb.</summary>
    public PredictVerb(StageSet stages)
        : base(
            "predict",
            "Asks a student, and writes one label a line.",
            "predict runs/my-task/step-by-step-1-seed0 \"Where is my parcel?\" --rationale",
            "predict runs/my-task/step-by-step-1-seed0/student --json < inputs.txt")
    {
        _stages = stages;
        Arguments.Add(_folder);
        Arguments.Add(_texts);
        Options.Add(_rationale);
        Options.Add(_beams);
        Options.Add(_maxTokens);
        _beams.Validators.Add(result => AtLeastOne(result, _beams));
        _maxTokens.Validators.Add(result => AtLeastOne(result, _maxTokens));
    }

    /// <inheritdoc/>
    protected override Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var folder = RunFolderWords.StudentAt(words.GetRequiredValue(_folder));
        var settings = new EvaluationSection { Beams = words.GetValue(_beams), MaxTokens = words.GetValue(_maxTokens) };
        var withRationale = words.GetValue(_rationale);
        var texts = words.GetRequiredValue(_texts);
        using var student = _stages.Student(folder, settings);
        var all = new JsonArray();
        foreach (var chunk in (texts.Length > 0 ? texts : Lines(_stages.Input)).Chunk(LinesAtATime))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var (input, said) in chunk.Zip(student.Predict(chunk, withRationale, cancellation)))
            {
                Say(terminal, said);
                if (terminal.IsJson)
                {
                    all.Add(new JsonObject { ["input"] = input, ["label"] = said.Label, ["rationale"] = said.Rationale });
                }
            }
        }

        terminal.Result(new JsonObject { ["student"] = folder, ["predictions"] = all });
        return Task.FromResult(ExitCode.Success);
    }

    private static void Say(Terminal terminal, Prediction said)
    {
        terminal.Say(said.Label.ReplaceLineEndings(" "));
        if (said.Rationale is { } rationale)
        {
            terminal.Say($"  because: {rationale.ReplaceLineEndings(" ")}");
        }
    }

    private static IEnumerable<string> Lines(TextReader input)
    {
        while (input.ReadLine() is { } line)
        {
            yield return line is ['"', .., '"'] ? Unquote(line) : line;
        }
    }

    private static string Unquote(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(line) ?? line;
        }
        catch (JsonException)
        {
            return line;        // a line of ordinary text that happens to stand in quotes
        }
    }

    private static void AtLeastOne(System.CommandLine.Parsing.OptionResult result, Option<int> option)
    {
        if (result.GetValueOrDefault<int>() < 1)
        {
            result.AddError($"{option.Name} must be at least 1.");
        }
    }
}
