using StepDistill.Recipes;

namespace StepDistill.Tests.Runs;

internal static class SampleRecipe
{
    public static Recipe Birds { get; } = new()
    {
        Name = "birds",
        Task = new TaskSection { Name = "birds", Answer = "label", Labels = ["sparrow", "crow"], Train = "/data/train.jsonl" },
        Training = new TrainingSection { Arm = Arms.StepByStep, Fraction = 0.25, Seed = 3 },
    };

    public static IReadOnlyDictionary<string, string> Data { get; } =
        new Dictionary<string, string> { ["train"] = new('a', 64), ["annotations"] = new('b', 64) };
}
