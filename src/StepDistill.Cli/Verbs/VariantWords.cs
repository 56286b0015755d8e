using System.CommandLine;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Runs;
using StepDistill.Students;

namespace StepDistill.Cli.Verbs;

/// <summary>The words by which a comparison is told which sizes and settings to try: all of them with each other.</summary>
internal sealed class VariantWords
{
    // What these say belongs to the whole comparison: other rows or other reasons are another comparison.
    private static readonly string[] Refused = ["name", "task.", "teacher.", "waves.", "training.arm", "training.fraction", "training.seed", "training.rationale_control"];

    private readonly Option<string[]> _students = new("--students")
    {
        Description = $"Students, with commas: sizes by name ({T5Sizes.Names[0]}, …) or published weights. Without it the recipe's own.",
        HelpName = "student,student",
        CustomParser = result => [.. result.Tokens.SelectMany(token => Items(token.Value))],
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> _vary = new("--vary")
    {
        Description = "Tries several values of one setting, such as --vary training.alpha=0.2,0.5. May be repeated: all are crossed.",
        HelpName = "section.key=value,value",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Adds the words to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Options.Add(_students);
        verb.Options.Add(_vary);
    }

    /// <summary>The sizes and settings; the recipe as it is where nothing else was typed.</summary>
    /// <exception cref="WrongUsageException">A setting cannot be varied.</exception>
    public IReadOnlyList<ComparisonVariant> Of(ParseResult words)
    {
        var axes = new List<IReadOnlyList<ComparisonVariant>>();
        if (words.GetRequiredValue(_students) is { Length: > 0 } students)
        {
            axes.Add([.. students.Select(Student)]);
        }

        axes.AddRange(words.GetRequiredValue(_vary).Select(Settings));
        IReadOnlyList<ComparisonVariant> all = [ComparisonVariant.AsIs];
        foreach (var axis in axes)
        {
            all = [.. from one in all from other in axis select Both(one, other)];
        }

        return all.FirstOrDefault(variant => variant.Name.Length > 0 && !RecipeFolder.IsVariant(variant.Name)) is { } unfit
            ? throw new WrongUsageException($"The name {unfit.Name} of these settings is too long for a folder; vary fewer settings at a time.")
            : all;
    }

    private static ComparisonVariant Student(string name) => T5Sizes.Names.Contains(name)
        ? new(name, ["student.from=null", $"student.config={name}"])
        : new(Plain(Path.GetFileName(name.TrimEnd('/', '\\'))), ["student.config=null", $"student.from={name}"]);

    private static IReadOnlyList<ComparisonVariant> Settings(string text)
    {
        if (text.Split('=', 2) is not [var path, var values] || Items(values).Count == 0)
        {
            throw new WrongUsageException($"--vary {text} has no values; it must have the form section.key=value,value.");
        }

        if (Refused.FirstOrDefault(path.StartsWith) is not null)
        {
            throw new WrongUsageException(
                $"--vary {text}: {path} cannot differ within a comparison. Arms, shares and seeds have options of their own "
                + "(--arms, --fractions, --seeds); other rows or another teacher are another comparison.");
        }

        var key = path[(path.LastIndexOf('.') + 1)..];
        return [.. Items(values).Select(value => new ComparisonVariant($"{key}={Plain(value)}", [$"{path}={value}"]))];
    }

    private static ComparisonVariant Both(ComparisonVariant one, ComparisonVariant other) =>
        new(one.Name.Length == 0 ? other.Name : $"{one.Name}-{other.Name}", [.. one.Overrides, .. other.Overrides]);

    /// <summary>A value as it can stand in a folder's name.</summary>
    private static string Plain(string value) =>
        string.Concat(value.Select(letter => RecipeFolder.IsVariant(letter.ToString()) ? letter : '_'));

    private static List<string> Items(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
