using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Stages;

public sealed class CascadeStageTests
{
    [Fact]
    public async Task Rows_hold_what_student_and_teacher_said()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        await Run.Verb(new TrainVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);
        await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);
        using var student = new FakeClassifier(input => new()
        {
            Label = "fly", Confidence = input == "heron" ? 0.6 : 0.9, Familiarity = 0.5, Cut = input == "swift",
        });

        // Of the training rows: a penguin that swims, a swift and a heron that fly; the fourth has no gold label.
        var rows = await RowsAsync(folder, student, "train");

        Assert.Equal(("0123456789ab", "recorded"), (rows.Student.Version, rows.Teacher));
        Assert.Equal(
            [
                new(0.9, StudentRight: false, LargeRight: true) { Familiarity = 0.5, Label = "fly", Agrees = false },
                new(0.9, StudentRight: true, LargeRight: true) { Familiarity = 0.5, Label = "fly", Agrees = true, Cut = true },
                new(0.6, StudentRight: true, LargeRight: false) { Familiarity = 0.5, Label = "fly", Agrees = false },
            ],
            rows.Rows);
        Assert.True(student.IsDisposed);
    }

    [Fact]
    public async Task A_row_that_the_teacher_was_never_asked_about_is_unknown()
    {
        using var folder = new TemporaryFolder();
        await Run.Verb(new TrainVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"]);

        var rows = await RowsAsync(folder, new FakeClassifier(_ => new() { Label = "swim", Confidence = 0.7 }), "test");

        Assert.Equal([new(0.7, StudentRight: false) { Label = "swim" }, new(0.7, StudentRight: true) { Label = "swim" }], rows.Rows);
    }

    [Fact]
    public async Task A_run_that_is_not_finished_has_no_student()
    {
        using var folder = new TemporaryFolder();
        Birds.WriteTo(folder);

        var e = await Assert.ThrowsAsync<StepDistillException>(() => RowsAsync(folder, new FakeClassifier(_ => throw new InvalidOperationException()), "validation"));

        Assert.Contains("holds no finished run", e.Message, StringComparison.Ordinal);
    }

    private static Task<CascadeRows> RowsAsync(TemporaryFolder folder, FakeClassifier student, string split)
    {
        var recipe = OpenedRecipe.Open(Recipes.RecipeReader.ReadFile(folder["birds.jsonc"]), folder["runs"]);
        return new CascadeStage(FakeStages.Create().Teacher, _ => student).RowsAsync(
            recipe, recipe.Run, recipe.Split(split), new Relay<Progress>(_ => { }), TestContext.Current.CancellationToken);
    }
}
