using System.Globalization;
using StepDistill.Recipes;

namespace StepDistill.Runs;

/// <summary>The folder <c>runs/RECIPE</c>: what all runs of one recipe share, and the runs themselves.</summary>
/// <remarks>With <see cref="RunFolder"/> the only place that knows file names below <c>runs</c>.</remarks>
public sealed class RecipeFolder
{
    /// <summary>Where runs are kept unless told otherwise: <c>runs</c> in the current folder.</summary>
    public const string DefaultRoot = "runs";

    private readonly string _shared;

    /// <summary>Names the folder; nothing is made on the disk.</summary>
    /// <param name="root">The folder of all recipes, such as <see cref="DefaultRoot"/>.</param>
    /// <param name="recipeName">The recipe's name.</param>
    public RecipeFolder(string root, string recipeName) => Root = _shared = Path.Combine(root, recipeName);

    private RecipeFolder(RecipeFolder whole, int wave)
    {
        _shared = whole._shared;
        Root = Path.Combine(_shared, "waves", wave.ToString("0000", CultureInfo.InvariantCulture));
    }

    /// <summary>The folder itself.</summary>
    public string Root { get; }

    /// <summary>The store of annotations, shared by all runs.</summary>
    public string Annotations => Path.Combine(_shared, "annotations.sqlite");

    /// <summary>The file that says which rows each wave asked about.</summary>
    public string Waves => Path.Combine(_shared, "waves.jsonl");

    /// <summary>The folder of what is trained after a wave; its annotations are those of the whole recipe.</summary>
    /// <param name="number">The wave's number, from 1.</param>
    public RecipeFolder Wave(int number) => new(this, number);

    /// <summary>The folder of what is in batches at a teacher's service, with the lock of whoever works on it.</summary>
    public RunFolder Batches => new(Path.Combine(_shared, "batches"));

    /// <summary>Which questions are in which batches.</summary>
    public string BatchLedger => Path.Combine(Batches.Root, "batches.sqlite");

    /// <summary>The file of requests that is being made; there only while it is.</summary>
    public string BatchInput => Path.Combine(Batches.Root, "requests.jsonl");

    /// <summary>The folder of the tokenizer that was trained for this recipe.</summary>
    public string Tokenizer => Path.Combine(Root, "tokenizer");

    /// <summary>The folder of the report that sets the runs side by side.</summary>
    public string Comparison => Path.Combine(Root, "comparison");

    /// <summary>The folder of a judge's verdicts on reasons, each under the hash of what was judged.</summary>
    public string Judgements => Path.Combine(Root, "judgements");

    /// <summary>
    /// The folder of one run: <c>ARM[-teacher][-CONTROL]-FRACTION-seedSEED[-VARIANT]</c>, such as <c>step-by-step-0.25-seed1</c>.
    /// </summary>
    /// <param name="training">Arm, label source, control, fraction and seed.</param>
    /// <param name="variant">What else to call it, to keep it apart from runs with other settings; may be empty.</param>
    public RunFolder Run(TrainingSection training, string variant = "") =>
        new(Path.Combine(Root, variant.Length == 0 ? NameOf(training) : $"{NameOf(training)}-{variant}"));

    /// <summary>Whether a word can stand in the name of a run: letters, digits and <c>-_.=+</c>, not too many.</summary>
    /// <param name="variant">The word.</param>
    public static bool IsVariant(string variant) =>
        variant.Length is > 0 and <= 100 && variant.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_.=+".Contains(letter));

    private static string NameOf(TrainingSection training)
    {
        // finetune and distill fix where labels come from, so for them the setting says nothing.
        var teacher = training is { LabelSource: "teacher", Arm: Arms.StepByStep or Arms.SingleTask } ? "-teacher" : "";
        var control = training is { RationaleControl: not "none", Arm: Arms.StepByStep or Arms.SingleTask } ? $"-{training.RationaleControl}" : "";
        return string.Create(
            CultureInfo.InvariantCulture, $"{training.Arm}{teacher}{control}-{training.Fraction}-seed{training.Seed}");
    }
}
