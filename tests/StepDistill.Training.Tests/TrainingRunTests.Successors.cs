using System.Text.Json;
using StepDistill.Batches;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Students;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Training.Tests;

// The settings that come from the paper's successors, through a whole run.
public sealed partial class TrainingRunTests
{
    [Fact]
    public async Task Where_the_decoder_marks_the_task_the_student_knows_how_to_ask()
    {
        var recipe = Recipe(Arms.StepByStep) with { Training = Recipe(Arms.StepByStep).Training with { TaskMark = "decoder" } };
        using var workshop = new Workshop(recipe);
        await workshop.AnnotateAsync();

        await workshop.TrainAsync(cancellation: Stop);

        var folder = StudentFolder.Open(workshop.Folder.Run(recipe.Training).Student, verify: true);
        var start = DecoderMark.RationaleStart(folder.LoadTokenizer());
        Assert.Equal(("", "", start), (folder.Manifest!.LabelPrefix, folder.Manifest.RationalePrefix, folder.Manifest.RationaleStart));
        using var student = TorchStudent.Open(folder.Path, recipe.Evaluation);
        Assert.Equal(start, student.RationaleStart);
        Assert.NotNull(Assert.Single(student.Predict(["a cat meets a dog"], withRationale: true, Stop)).Rationale);
    }

    [Fact]
    public async Task Only_step_by_step_marks_tasks()
    {
        var recipe = Recipe(Arms.Finetune) with { Training = Recipe(Arms.Finetune).Training with { TaskMark = "decoder" } };
        using var workshop = new Workshop(recipe);

        await workshop.TrainAsync(cancellation: Stop);

        var manifest = StudentFolder.Open(workshop.Folder.Run(recipe.Training).Student).Manifest!;
        Assert.Equal(("", null, null), (manifest.LabelPrefix, manifest.RationalePrefix, manifest.RationaleStart));
    }

    [Fact]
    public async Task Several_answers_take_turns_by_epoch_also_after_a_stop()
    {
        // Batches so large that an epoch is two steps: the six steps see three epochs.
        var recipe = Recipe(Arms.StepByStep) with { Batches = new() { BatchSize = 32 } };
        var teacher = await TwoAnswersAsync(recipe);
        using var first = new Workshop(recipe);
        using var whole = new Workshop(recipe, teacher);
        using var interrupted = new Workshop(recipe, teacher);
        await first.AnnotateAsync();
        await whole.AnnotateAsync();
        await interrupted.AnnotateAsync();
        using var stop = new CancellationTokenSource();

        var plain = await first.TrainAsync(cancellation: Stop);
        var both = await whole.TrainAsync(cancellation: Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => interrupted.TrainAsync(
            report: happened => StopAt(3, happened, stop), cancellation: stop.Token));
        await interrupted.TrainAsync(cancellation: Stop);

        Assert.NotEqual(plain.Data["train"], both.Data["train"]);
        Assert.Equal(Losses(whole), Losses(interrupted));
        Assert.Equal(Weights(whole), Weights(interrupted));

        List<double?> Losses(Workshop workshop) =>
            [.. RunLog.Read(workshop.Folder.Run(recipe.Training).Events).OfType<StepTaken>().Select(step => step.RationaleLoss)];

        byte[] Weights(Workshop workshop) =>
            File.ReadAllBytes(Path.Combine(workshop.Folder.Run(recipe.Training).Student, "model.safetensors"));
    }

    [Fact]
    public async Task Cut_rationales_are_told()
    {
        var recipe = Recipe(Arms.StepByStep) with { Training = Recipe(Arms.StepByStep).Training with { MaxRationaleWords = 3 } };
        using var workshop = new Workshop(recipe);
        await workshop.AnnotateAsync();

        var run = await workshop.TrainAsync(cancellation: Stop);

        Assert.Equal(6, run.Steps);
        Assert.Matches(@"^\d+ rationales were longer than training\.max_rationale_words \(3\)", Assert.Single(workshop.Warnings));
    }

    /// <summary>A teacher of the same rows that gives two answers to each.</summary>
    private async Task<ITeacher> TwoAnswersAsync(Recipe recipe)
    {
        var task = TaskSpec.From(recipe.Task);
        var rows = await TaskSplits.Open(task, recipe.Task, _folder.FullName).Train.Read(Stop).ToListAsync(Stop);
        string[] files = [Path.Combine(_folder.FullName, "one.jsonl"), Path.Combine(_folder.FullName, "two.jsonl")];
        foreach (var (file, words) in files.Zip(["comes before the other letter", "stands first"]))
        {
            await File.WriteAllLinesAsync(file, rows.Select(row => JsonSerializer.Serialize(new
            {
                id = row.Id,
                rationale = $"{row.Label![0]} {words}",
                teacher_label = row.Label,
            })), Stop);
        }

        return await RecordedTeacher.OpenAsync(task, recipe.Teacher with { Answers = files }, cancellation: Stop);
    }
}
