using System.CommandLine;
using System.Globalization;
using StepDistill.Cli.Stages;
using StepDistill.Tasks;

namespace StepDistill.Cli.Verbs;

/// <summary>The words by which verbs are told which student is to be proved, and on which rows.</summary>
internal sealed class ProofWords
{
    private readonly Argument<string> _student = new("student")
    {
        Description = "The folder of a run, whose validation rows prove it; or a student's folder, with --rows.",
    };

    private readonly Option<string?> _rows = new("--rows")
    {
        Description = "A file of rows to prove it on, in place of the run's validation rows: 'input' or the task's columns, 'label' where known.",
        HelpName = "file",
    };

    private readonly Option<int> _limit = new("--max-rows")
    {
        Description = "Rows that every precision answers, at most.",
        DefaultValueFactory = _ => 2000,
    };

    private readonly Option<int?> _threads = new("--threads")
    {
        Description = "Threads of one answer; one a core where missing.",
    };

    /// <summary>Adds the words to a verb that has no argument for the student yet.</summary>
    public void AddTo(Command verb)
    {
        verb.Arguments.Add(_student);
        AddOptionsTo(verb);
    }

    /// <summary>Adds all but the student.</summary>
    public void AddOptionsTo(Command verb)
    {
        verb.Options.Add(_rows);
        verb.Options.Add(_limit);
        verb.Options.Add(_threads);
        foreach (var option in new Option[] { _limit, _threads })
        {
            option.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int?>() < 1)
                {
                    result.AddError($"{option.Name} must be at least 1.");
                }
            });
        }
    }

    /// <summary>How proving is done.</summary>
    public ExportStage Stage(ParseResult words, StageSet stages) => new(stages.Network, stages.Clock) { Threads = words.GetValue(_threads) };

    /// <summary>Finds the student and its rows.</summary>
    public Task<(string Folder, TaskSpec? Task, IReadOnlyList<Example> Rows)> ReadAsync(ParseResult words, CancellationToken cancellation) =>
        ReadAsync(words, words.GetRequiredValue(_student), cancellation);

    /// <summary>Finds the rows of a student.</summary>
    /// <exception cref="StepDistillException">There is no student, or there are no rows.</exception>
    public async Task<(string Folder, TaskSpec? Task, IReadOnlyList<Example> Rows)> ReadAsync(
        ParseResult words, string student, CancellationToken cancellation)
    {
        var folder = RunFolderWords.StudentAt(student);
        var file = words.GetValue(_rows);
        var isRun = !File.Exists(Path.Combine(student, "config.json"));
        TaskSpec? task = null;
        IAsyncEnumerable<Example> rows;
        string source;
        if (isRun)
        {
            var recipe = RunFolderWords.Open(RunFolderWords.RunAt(student)!, []);
            task = recipe.Task;
            var split = recipe.Splits.Validation;
            (rows, source) = file is not null
                ? (ExampleReader.ReadAsync(task, file, cancellation: cancellation), file)
                : split is null
                    ? throw new StepDistillException($"The recipe of {student} has no validation rows to prove the student on. Name a file with --rows.")
                    : (split.Read(cancellation), split.Source);
        }
        else
        {
            var manifest = Students.StudentFolder.Open(folder).Manifest;
            task = manifest is null ? null : new TaskSpec
            {
                Name = manifest.Task.Name,
                Answer = manifest.Task.Answer,
                Labels = manifest.Task.Labels,
                InputTemplate = manifest.Task.InputTemplate,
            };
            source = file ?? throw new StepDistillException(
                $"{student} is a student's folder, which holds no rows to prove it on. Name a file of rows with --rows, or give the folder of its run.");
            rows = ExampleReader.ReadAsync(task ?? new TaskSpec { Name = "text", Answer = AnswerKind.Text }, file, cancellation: cancellation);
        }

        var read = await rows.Where(row => row.Input is not null).Take(words.GetValue(_limit)).ToListAsync(cancellation);
        return read.Count > 0
            ? (folder, task, read)
            : throw new StepDistillException($"{source} holds no rows with an input, so nothing can be proved. Check the file and the task's columns.");
    }

    /// <summary>Reads a time such as <c>20ms</c> or <c>0.5s</c>.</summary>
    /// <exception cref="WrongUsageException">It is none.</exception>
    public static double? Milliseconds(string? text, string option)
    {
        if (text is null)
        {
            return null;
        }

        var (number, scale) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 1.0)
            : text.EndsWith('s') ? (text[..^1], 1000.0) : (text, double.NaN);
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value * scale > 0 && double.IsFinite(value)
            ? value * scale
            : throw new WrongUsageException($"{option} is '{text}'; it must be a time such as 20ms or 0.5s.");
    }
}
