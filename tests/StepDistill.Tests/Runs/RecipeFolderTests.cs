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

    [Theory]
    [InlineData("shuffled-rows", "", "step-by-step-shuffled-rows-1-seed0")]
    [InlineData("none", "t5-v1_1-tiny-alpha=0.2", "step-by-step-1-seed0-t5-v1_1-tiny-alpha=0.2")]
    public void Controls_and_variants_are_runs_of_their_own(string control, string variant, string expected) => Assert.Equal(
        expected, new RecipeFolder("runs", "birds").Run(new TrainingSection { RationaleControl = control }, variant).Name);

    [Theory]
    [InlineData("t5-v1_1-tiny", true)]
    [InlineData("alpha=0.2", true)]
    [InlineData("", false)]
    [InlineData("../up", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    public void A_variant_must_fit_into_a_folders_name(string variant, bool fits) => Assert.Equal(fits, RecipeFolder.IsVariant(variant));

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
