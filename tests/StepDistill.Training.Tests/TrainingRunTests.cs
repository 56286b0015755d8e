using System.Text.Json;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Students;

namespace StepDistill.Training.Tests;

public sealed partial class TrainingRunTests : IDisposable
{
    private static readonly string[] Animals = ["cat", "dog", "owl", "fox", "hen", "bee", "cow", "pig"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stepdistill-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Arms.Finetune)]
    [InlineData(Arms.Distill)]
    [InlineData(Arms.SingleTask)]
    [InlineData(Arms.StepByStep)]
    public async Task Every_arm_leaves_a_student_that_opens_and_answers(string arm)
    {
        var recipe = Recipe(arm);
        using var workshop = new Workshop(recipe);
        await workshop.AnnotateAsync();

        var run = await workshop.TrainAsync(cancellation: Stop);

        var folder = workshop.Folder.Run(recipe.Training);
        Assert.Equal(6, run.Steps);
        Assert.Equal(run.Identity, StudentFolder.Open(folder.Student, verify: true).Manifest!.Lineage.Recipe);
        using var student = TorchStudent.Open(folder.Student, recipe.Evaluation);
        var answer = Assert.Single(student.Predict(["a cat meets a dog"], withRationale: true, Stop));
        Assert.True(arm == Arms.SingleTask || arm == Arms.StepByStep == answer.Rationale is not null);   // single-task: as it comes
    }

    [Fact]
    public async Task A_run_that_was_stopped_and_started_again_leaves_the_same_student_and_log()
    {
        var recipe = Recipe(Arms.StepByStep);
        using var whole = new Workshop(recipe);
        using var interrupted = new Workshop(recipe);
        await whole.AnnotateAsync();
        await interrupted.AnnotateAsync();
        using var stop = new CancellationTokenSource();

        await whole.TrainAsync(cancellation: Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => interrupted.TrainAsync(
            report: happened => StopAt(4, happened, stop), cancellation: stop.Token));
        await interrupted.TrainAsync(cancellation: Stop);

        var (one, other) = (whole.Folder.Run(recipe.Training), interrupted.Folder.Run(recipe.Training));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(one.Student, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(other.Student, "model.safetensors")));
        Assert.Equal(
            RunLog.Read(one.Events).OfType<StepTaken>().Select(step => (step.Step, step.Loss)),
            RunLog.Read(other.Events).OfType<StepTaken>().Select(step => (step.Step, step.Loss)));
    }

    [Fact]
    public async Task A_finished_run_is_left_as_it_is_and_another_does_not_overwrite_it()
    {
        var recipe = Recipe(Arms.Finetune);
        using var workshop = new Workshop(recipe);
        var first = await workshop.TrainAsync(cancellation: Stop);
        workshop.Events.Clear();

        var second = await workshop.TrainAsync(cancellation: Stop);
        Assert.Equal(JsonSerializer.Serialize(first), JsonSerializer.Serialize(second));
        Assert.Empty(workshop.Events);

        var fault = await Assert.ThrowsAsync<StepDistillException>(() => workshop.TrainAsync(
            recipe with { Training = recipe.Training with { LearningRate = 0.5 } }, cancellation: Stop));
        Assert.Contains("training.learning_rate", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Arms.Distill)]
    [InlineData(Arms.SingleTask)]
    [InlineData(Arms.StepByStep)]
    public async Task Rows_without_annotations_are_named_with_what_to_do(string arm)
    {
        using var workshop = new Workshop(Recipe(arm));

        var fault = await Assert.ThrowsAsync<StepDistillException>(() => workshop.TrainAsync(cancellation: Stop));

        Assert.Contains("the example is not annotated", fault.Message, StringComparison.Ordinal);
        Assert.Contains("un 'stepdistill annotate' with this recipe first", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tokenizer_that_does_not_fit_the_weights_is_refused()
    {
        var small = Recipe(Arms.Finetune);
        using var workshop = new Workshop(small);
        await workshop.TrainAsync(cancellation: Stop);
        var student = workshop.Folder.Run(small.Training).Student;
        var config = Path.Combine(student, "config.json");
        File.Delete(Path.Combine(student, StudentFolder.ManifestName));
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config, Stop)).Replace("\"vocab_size\": 256", "\"vocab_size\": 128", StringComparison.Ordinal), Stop);

        using var next = new Workshop(small with { Student = new() { From = student } });
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => next.TrainAsync(cancellation: Stop));

        Assert.Contains("128", fault.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer", fault.Message, StringComparison.OrdinalIgnoreCase);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void StopAt(int step, RunEvent happened, CancellationTokenSource stop)
    {
        if (happened is StepTaken && happened.Step == step)
        {
            stop.Cancel();
        }
    }

    /// <summary>Which of two animals comes first in the alphabet: small enough for a unit test, and learnt by nobody here.</summary>
    private Recipe Recipe(string arm)
    {
        var data = Path.Combine(_folder.FullName, "animals.jsonl");
        File.WriteAllLines(data,
            from one in Animals
            from other in Animals
            where one != other
            let first = string.CompareOrdinal(one, other) < 0 ? one : other
            select JsonSerializer.Serialize(new
            {
                input = $"a {one} meets a {other}",
                label = first,
                rationale = $"{first[0]} comes before the other letter",
                teacher_label = first,
            }));
        return new()
        {
            Name = "animals",
            Task = new() { Name = "animals", Answer = "label", Labels = Animals, Train = data, ValidationShare = 0.2 },
            Student = new() { Config = "t5-v1_1-tiny", Tokenizer = new() { Train = new() { Vocabulary = 100 } } },
            Batches = new() { BatchSize = 4 },
            Training = new() { Arm = arm, MaxSteps = 6, LearningRate = 1e-3 },
            Evaluation = new() { EverySteps = 3, MaxTokens = 8 },
        };
    }
}
