using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers.Prompts;
using StepDistill.Teachers.Replies;
using StepDistill.Tests.Tasks;

namespace StepDistill.Tests.Recipes;

/// <summary>The recipes that come with the repository.</summary>
public sealed class ShippedRecipes
{
    private static readonly string Folder = Path.Combine(SharedData.Repository, "recipes");

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Folder, "*.jsonc", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Folder, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Papers => [.. Files.Select(row => row.Data).Where(file => file.StartsWith("paper/", StringComparison.Ordinal))];

    [Fact]
    public void The_papers_four_data_sets_have_one_each_of_a_small_student_and_of_the_papers_own() => Assert.Superset(
        new HashSet<string>(
        [
            "anli-recorded.jsonc", "cqa-recorded.jsonc", "esnli-recorded.jsonc", "svamp-recorded.jsonc",
            "paper/anli.jsonc", "paper/cqa.jsonc", "paper/esnli.jsonc", "paper/svamp.jsonc", "paper/svamp-asdiv.jsonc",
        ]),
        Files.Select(row => row.Data).ToHashSet());

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_can_be_read_and_says_first_how_to_run_it(string file)
    {
        var path = Path.Combine(Folder, file);
        var recipe = RecipeReader.ReadFile(path);
        Assert.Equal(Path.GetFileNameWithoutExtension(file), recipe.Name);
        var task = TaskSpec.From(recipe.Task);
        Assert.Contains(recipe.Teacher.Format ?? task.ReplyFormat, ReplyReader.Formats);

        var comment = File.ReadLines(path).TakeWhile(line => line.StartsWith("//", StringComparison.Ordinal)).ToList();
        Assert.All(
            ["annotate", "annotations stats", "run", "compare"],
            verb => Assert.Contains(comment, line => line.StartsWith($"//   stepdistill {verb}", StringComparison.Ordinal)
                && line.Contains($"recipes/{file}", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Papers))]
    public void The_papers_own_have_its_programs_settings(string file)
    {
        var recipe = RecipeReader.ReadFile(Path.Combine(Folder, file));

        Assert.Equal("google/t5-v1_1-base", recipe.Student.From);
        Assert.Equal((64, 1024, 256, "paper"), (recipe.Batches.BatchSize, recipe.Batches.MaxInputTokens, recipe.Batches.MaxTargetTokens, recipe.Batches.Order));
        Assert.Equal((250, 64, 1), (recipe.Evaluation.EverySteps, recipe.Evaluation.MaxTokens, recipe.Evaluation.Beams));
        Assert.Equal(
            new TrainingSection
            {
                Arm = "step-by-step", MaxSteps = 10_000, LearningRate = 5e-5, Alpha = 0.5, Precision = "float32", Optimizer = "adamw-hf",
                Schedule = "linear", WarmupSteps = 0, WeightDecay = 0, MaxGradNorm = 1, LabelPrefix = "predict: ", RationalePrefix = "explain: ",
                LabelSource = file == "paper/svamp-asdiv.jsonc" ? "teacher" : "gold",
            },
            recipe.Training);
        Assert.Equal(["readable"], recipe.Teacher.Keep);        // the paper filters nothing
    }

    [Theory]
    [MemberData(nameof(Papers))]
    public async Task The_papers_own_have_ten_demonstrations_that_read_back(string file)
    {
        var recipe = RecipeReader.ReadFile(Path.Combine(Folder, file));
        var (task, stop) = (TaskSpec.From(recipe.Task), TestContext.Current.CancellationToken);

        var shown = await Demonstration.ReadAsync(task, recipe.Teacher.Demonstrations!, stop);

        Assert.Equal(10, shown.Select(demonstration => demonstration.Example.Input).Distinct().Count());
        Assert.InRange(shown.CountBy(demonstration => demonstration.Example.Label!).Max(label => label.Value), 1, 4);
        var prompt = new PromptTemplate(task, recipe.Teacher.Format!, shown, new PromptSettings { Form = PromptForm.Completion });
        Assert.All(shown, demonstration =>
        {
            var rendered = prompt.Render(shown.First(other => other != demonstration).Example)[0].Text;
            var answer = new PromptLayout(task, recipe.Teacher.Format!, PromptForm.Completion, RationaleOrder.Before, isJson: false).Answer(demonstration);
            Assert.Contains(answer, rendered, StringComparison.Ordinal);
            var read = ReplyReader.Read(task, recipe.Teacher.Format!, demonstration.Example, answer);
            Assert.Equal(demonstration.Rationale, read.Rationale);
            Assert.True(task.IsCorrect(demonstration.Example, read.Label!));
        });
    }

    [Theory]
    [InlineData("cqa-recorded.jsonc", 8766, 975)]
    [InlineData("svamp-recorded.jsonc", 720, 80)]
    [InlineData("anli-recorded.jsonc", 16946, 1000)]
    [InlineData("esnli-recorded.jsonc", 15389, 9842)]
    public async Task Its_data_has_the_papers_splits(string file, int train, int validation)
    {
        SharedData.Require("README.md");
        var recipe = RecipeReader.ReadFile(Path.Combine(Folder, file));
        var splits = TaskSplits.Open(TaskSpec.From(recipe.Task), recipe.Task, Folder);
        var stop = TestContext.Current.CancellationToken;
        Assert.Equal(
            (train, validation),
            (await splits.Train.Read(stop).CountAsync(stop), await splits.Validation!.Read(stop).CountAsync(stop)));
    }
}
