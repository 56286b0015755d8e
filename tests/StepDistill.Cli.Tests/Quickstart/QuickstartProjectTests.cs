using StepDistill.Cli.Quickstart;
using StepDistill.Recipes;

namespace StepDistill.Cli.Tests.Quickstart;

public sealed class QuickstartProjectTests
{
    private static readonly QuickstartSize Size = new() { TrainRows = 6, ValidationRows = 3, TestRows = 3, Steps = 40 };

    [Fact]
    public void The_ordinary_verbs_understand_it()
    {
        using var folder = new TemporaryFolder();

        var project = Prepare(folder["new"]);
        var recipe = RecipeReader.ReadFile(project.Recipe);

        Assert.Equal(
            (QuickstartProject.Name, 40, 10, SimulatedTeacher.ModelName),
            (recipe.Name, recipe.Training.MaxSteps, recipe.Evaluation.EverySteps, recipe.Teacher.Model));
        Assert.Equal(ThingsGame.Labels, recipe.Task.Labels);
        Assert.Equal(6, File.ReadAllLines(recipe.Task.Train!).Length);
    }

    [Fact]
    public void Preparing_again_leaves_everything_as_it_is()
    {
        using var folder = new TemporaryFolder();
        var recipe = Prepare(folder["new"]).Recipe;
        var written = File.GetLastWriteTimeUtc(recipe);

        Prepare(folder["new"]);

        Assert.Equal(written, File.GetLastWriteTimeUtc(recipe));
    }

    [Fact]
    public void What_was_changed_is_not_overwritten()
    {
        using var folder = new TemporaryFolder();
        var recipe = Prepare(folder["new"]).Recipe;
        File.AppendAllText(recipe, "// mine\n");

        var fault = Assert.Throws<StepDistillException>(() => Prepare(folder["new"]));

        Assert.Contains($"{recipe} is not what this quickstart writes", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("// mine\n", File.ReadAllText(recipe), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_something_else_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        folder.Write("thesis.txt", "precious");

        var fault = Assert.Throws<StepDistillException>(() => Prepare(folder.Root));

        Assert.Contains("--out", fault.Message, StringComparison.Ordinal);
        Assert.Equal([folder["thesis.txt"]], Directory.GetFileSystemEntries(folder.Root));
        Assert.Throws<StepDistillException>(() => Prepare(folder["thesis.txt"]));
    }

    private static QuickstartProject Prepare(string folder) => QuickstartProject.Prepare(folder, QuickstartRows.Draw(Size), Size);
}
