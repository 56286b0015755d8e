using StepDistill.Batches;
using StepDistill.Evaluation;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Tasks;

namespace StepDistill.Tests.Evaluation.Comparisons;

/// <summary>Invented runs with invented numbers, made from the accuracies that a test wants to see.</summary>
internal static class Outcomes
{
    public static ComparisonOrigin Origin { get; } = new(
        "birds",
        new Dictionary<string, string> { ["train"] = new('a', 64), ["test"] = new('b', 64) },
        new Dictionary<string, string> { ["stepdistill"] = "0.1.0", ["dotnet"] = ".NET 10.0.1" },
        "stepdistill compare birds.jsonc --arms finetune,step-by-step --seeds 0,1,2 --fractions 0.25,1");

    /// <summary>
    /// A third of the rows are sparrows, crows and owls each; whoever answers a row wrong says the next bird.
    /// </summary>
    public static EvaluationReport Report(string subject, double accuracy, int rows = 1000, ulong seed = 0, string split = "test")
    {
        // A row's difficulty is the same for everybody, so that arms agree on most rows as real ones do.
        string[] birds = ["sparrow", "crow", "owl"];
        var luck = new SplitMix64(seed + 99);
        var order = Enumerable.Range(0, rows)
            .OrderBy(row => new SplitMix64((ulong)row).Next() / (double)ulong.MaxValue + (0.4 * (luck.Next() / (double)ulong.MaxValue)))
            .ToArray();
        var right = order.Take((int)Math.Round(accuracy * rows)).ToHashSet();
        var answers = Enumerable.Range(0, rows).Select(row => new Answer(
            new Example { Id = $"row-{row}", Input = $"bird {row}", Label = birds[row % 3] },
            birds[(right.Contains(row) ? row : row + 1) % 3],
            null)).ToList();
        return ScoreSheet.Score(Tests.Evaluation.Answers.Birds, subject, split, answers, 0);
    }

    public static CellOutcome Done(
        string arm, double fraction, int seed, double accuracy, int rows = 1000, string split = "test", string variant = "",
        long? parameters = null) => new(
            new(arm, fraction, seed, variant),
            new(Report($"{arm}-{fraction}-seed{seed}", accuracy, rows, (ulong)(seed + 10 * arm.Length), split), (int)(9000 * fraction), Manifest)
            {
                Parameters = parameters,
            },
            null);

    private static RunManifest Manifest { get; } = new()
    {
        Identity = new('c', 64),
        Recipe = RecipeReader.Read("""{ "name": "birds", "task": { "name": "birds", "labels": ["sparrow", "crow"], "train": "train.jsonl" } }""", "birds"),
        Data = new Dictionary<string, string>(),
        Versions = new Dictionary<string, string> { ["stepdistill"] = "0.1.0" },
        StartedAt = DateTimeOffset.UnixEpoch,
        FinishedAt = DateTimeOffset.UnixEpoch,
        Seconds = 360,
        Steps = 1000,
        BestStep = 750,
        BestScore = 0.5,
    };

    public static CellOutcome Failed(string arm, double fraction, int seed, string fault = "The loss is not a number.") =>
        new(new(arm, fraction, seed), null, fault);
}
