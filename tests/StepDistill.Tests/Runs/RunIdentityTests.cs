using System.Text.Json.Nodes;
using StepDistill.Recipes;
using StepDistill.Runs;

namespace StepDistill.Tests.Runs;

public sealed class RunIdentityTests
{
    private static readonly RunIdentity Birds = RunIdentity.Of(SampleRecipe.Birds, SampleRecipe.Data);

    public static TheoryData<string, Recipe> SameRun { get; } = new()
    {
        { "name", SampleRecipe.Birds with { Name = "sparrows" } },
        { "files", SampleRecipe.Birds with { Task = SampleRecipe.Birds.Task with { Train = "moved.jsonl", Test = "test.jsonl" } } },
        { "address", SampleRecipe.Birds with { Teacher = new TeacherSection { Endpoint = "http://localhost", Concurrency = 9, Answers = ["moved.jsonl"] } } },
        { "checkpoints", SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { CheckpointEverySteps = 7 } } },
        { "device", SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { Device = "cuda:1" } } },
    };

    public static TheoryData<string, Recipe> AnotherRun { get; } = new()
    {
        { "seed", SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { Seed = 4 } } },
        { "precision", SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { Precision = "bfloat16" } } },
        { "labels", SampleRecipe.Birds with { Task = SampleRecipe.Birds.Task with { Labels = ["crow", "sparrow"] } } },
        { "batches", SampleRecipe.Birds with { Batches = new BatchesSection { BatchSize = 63 } } },
        { "rationales", SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { RationaleControl = "shuffled-rows" } } },
        { "weights", SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { WeightByAgreement = true } } },
        { "mark", SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { TaskMark = "decoder" } } },
        { "patience", SampleRecipe.Birds with { Evaluation = new EvaluationSection { Patience = 2 } } },
        { "tokenizer", SampleRecipe.Birds with { Student = new StudentSection { Tokenizer = new TokenizerSection { From = "x" } } } },
    };

    [Theory]
    [MemberData(nameof(SameRun))]
    public void What_cannot_change_the_outcome_does_not_count(string what, Recipe recipe)
    {
        Assert.NotEqual(SampleRecipe.Birds.ToJson(), recipe.ToJson());
        Assert.True(Birds.Hash == RunIdentity.Of(recipe, SampleRecipe.Data).Hash, what);
    }

    [Theory]
    [MemberData(nameof(AnotherRun))]
    public void What_can_change_the_outcome_counts(string what, Recipe recipe)
    {
        var other = RunIdentity.Of(recipe, SampleRecipe.Data);

        Assert.True(Birds.Hash != other.Hash, what);
        Assert.NotEmpty(other.DifferencesFrom(Birds));
    }

    [Fact]
    public void What_a_teacher_costs_changes_no_training()
    {
        var priced = SampleRecipe.Birds with { Teacher = SampleRecipe.Birds.Teacher with { Price = new() { Input = 1, Output = 2 } } };

        Assert.Equal(Birds.Settings, RunIdentity.Of(priced, SampleRecipe.Data).Settings);
    }

    [Fact]
    public void Data_counts_by_name_and_content()
    {
        var swapped = new Dictionary<string, string> { ["train"] = new('b', 64), ["annotations"] = new('a', 64) };

        Assert.NotEqual(Birds.Hash, RunIdentity.Of(SampleRecipe.Birds, swapped).Hash);
    }

    [Fact]
    public void Every_setting_that_does_not_count_exists()
    {
        var recipe = JsonNode.Parse(SampleRecipe.Birds.ToJson())!.AsObject();

        Assert.All(RunIdentity.Irrelevant, path =>
        {
            var section = recipe;
            foreach (var key in path.Split('.')[..^1])
            {
                section = section[key]!.AsObject();
            }

            Assert.True(section.ContainsKey(path.Split('.')[^1]), path);
        });
    }
}
