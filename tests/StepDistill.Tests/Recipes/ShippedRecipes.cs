using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;
using StepDistill.Tests.Tasks;

namespace StepDistill.Tests.Recipes;

/// <summary>The recipes that come with the repository.</summary>
public sealed class ShippedRecipes
{
    private static readonly string Folder = Path.Combine(SharedData.Repository, "recipes");

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Folder, "*.jsonc").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_papers_four_data_sets_have_one_each() => Assert.Superset(
        new HashSet<string>(["anli-recorded.jsonc", "cqa-recorded.jsonc", "esnli-recorded.jsonc", "svamp-recorded.jsonc"]),
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
