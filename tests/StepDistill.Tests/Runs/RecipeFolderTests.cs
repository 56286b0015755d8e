using StepDistill.Recipes;
using StepDistill.Runs;

namespace StepDistill.Tests.Runs;

public sealed class RecipeFolderTests
{
    [Theory]
    [InlineData(Arms.StepByStep, "gold", 0.25, 3, "step-by-step-0.25-seed3")]
    [InlineData(Arms.StepByStep, "teacher", 1, 0, "step-by-step-teacher-1-seed0")]
    [InlineData(Arms.SingleTask, "teacher", 0.001, 0, "single-task-teacher-0.001-seed0")]
    [InlineData(Arms.Finetune, "teacher", 1, 0, "finetune-1-seed0")]
    [InlineData(Arms.Distill, "teacher", 1, 0, "distill-1-seed0")]
    public void A_runs_name_says_what_tells_it_from_the_others(
        string arm, string labels, double fraction, int seed, string expected)
    {
        var training = new TrainingSection { Arm = arm, LabelSource = labels, Fraction = fraction, Seed = seed };

        Assert.Equal(expected, new RecipeFolder("runs", "birds").Run(training).Name);
    }

    [Fact]
    public void Everything_lies_below_the_recipes_folder()
    {
        var folder = new RecipeFolder("runs", "birds");
        var run = folder.Run(new TrainingSection());

        Assert.All(
            [folder.Annotations, folder.Tokenizer, folder.Comparison, run.Root],
            path => Assert.StartsWith(Path.Combine("runs", "birds") + Path.DirectorySeparatorChar, path));
    }
}
