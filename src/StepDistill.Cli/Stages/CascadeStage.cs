using StepDistill.Annotations;
using StepDistill.Cli.Rendering;
using StepDistill.Inference;
using StepDistill.Inference.Cascades;
using StepDistill.Runs;
using StepDistill.Tasks;

namespace StepDistill.Cli.Stages;

/// <summary>Lets an exported student answer rows, and sets its answers beside gold labels and the teacher's stored answers.</summary>
/// <param name="teachers">Makes teachers; nobody is asked.</param>
/// <param name="classifiers">Loads exported students.</param>
internal sealed class CascadeStage(TeacherStage teachers, ClassifierStage classifiers)
{
    /// <summary>Gathers the rows. Those without an input or a gold label are left out.</summary>
    /// <exception cref="StepDistillException">The run is not finished.</exception>
    public async Task<CascadeRows> RowsAsync(
        OpenedRecipe recipe, RunFolder run, TaskSplit split, IProgress<Progress> progress, CancellationToken cancellation)
    {
        if (!run.IsFinished)
        {
            throw new StepDistillException(
                $"{run.Root} holds no finished run, so there is no student to put before a large model. Train it first: stepdistill train RECIPE");
        }

        var stored = await StoredAnswers.ReadAsync(teachers, recipe, split, cancellation).ConfigureAwait(false);
        var examples = (stored?.Examples ?? await split.Read(cancellation).ToListAsync(cancellation).ConfigureAwait(false))
            .Where(example => example is { Input: not null, Label: not null })
            .ToList();
        using var student = classifiers(run.Student);
        var rows = new List<CascadeRow>(examples.Count);
        foreach (var batch in examples.Chunk(Math.Max(1, recipe.Recipe.Evaluation.BatchSize)))
        {
            var answers = student.Classify(Array.ConvertAll(batch, Question), withRationales: false, cancellation);
            rows.AddRange(batch.Zip(answers, (example, answer) => Row(recipe.Task, example, answer, stored?.ById.GetValueOrDefault(example.Id))));
            progress.Report(new(rows.Count, examples.Count));
        }

        return new(rows, student.Description, stored?.Teacher);
    }

    private static StudentQuestion Question(Example example) =>
        new(example.Input!) { Choices = example.Choices.Count > 0 ? example.Choices : null };

    private static CascadeRow Row(TaskSpec task, Example example, StudentAnswer answer, Annotation? teacher) =>
        new(answer.Confidence, task.IsCorrect(example, answer.Label), teacher is null ? null : IsRight(task, example, teacher.Label))
        {
            Familiarity = answer.Familiarity,
            // Choices differ from row to row and free text always: only a closed set has a mix that could change.
            Label = task.Answer == AnswerKind.Label ? answer.Label : null,
            Agrees = teacher is null ? null : IsRight(task, example with { Label = answer.Label }, teacher.Label),
            Cut = answer.Cut,
        };

    /// <summary>An answer that could not be read is wrong, and agrees with nobody.</summary>
    private static bool IsRight(TaskSpec task, Example example, string? label) => label is not null && task.IsCorrect(example, label);
}
