using System.Text.Json;
using StepDistill.Annotations;
using StepDistill.Annotations.Filters;
using StepDistill.Files;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Batches;

/// <summary>What one run trains on and selects on: rows joined with the teacher's answers, in memory.</summary>
public sealed record TrainingSet
{
    /// <summary>The training rows' pairs, in the order that batch orders count in.</summary>
    public required IReadOnlyList<TrainingRow> Train { get; init; }

    /// <summary>The validation rows, chosen by hash of the id where the recipe wants only some; each has an input and a gold label.</summary>
    public required IReadOnlyList<Example> Validation { get; init; }

    /// <summary>What became training pairs, and why other rows did not.</summary>
    public required PairCounts Counts { get; init; }

    /// <summary>The text of all training rows, whatever the arm and the share: what a tokenizer of their own is trained on.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>SHA-256 by name of what training reads: <c>train</c>, <c>validation</c> and <c>texts</c>.</summary>
    public required IReadOnlyDictionary<string, string> Hashes { get; init; }

    /// <summary>Reads a recipe's training and validation rows and the stored annotations.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="task">Its task.</param>
    /// <param name="splits">Its rows.</param>
    /// <param name="teacher">Whose annotations; nobody is asked.</param>
    /// <param name="store">Where they are.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="StepDistillException">
    /// No row can be trained on, none has the rationale that the arm needs, or no validation row has a gold label.
    /// </exception>
    public static async Task<TrainingSet> ReadAsync(
        Recipe recipe, TaskSpec task, TaskSplits splits, ITeacher teacher, IAnnotationStore store, CancellationToken cancellation = default)
    {
        var training = recipe.Training;
        var maker = new LessonMaker(task, training, new AnnotationFilters(task, recipe.Teacher.Keep, recipe.Teacher.RationaleWords));
        var lessons = new List<Lesson>();
        var texts = new List<string>();
        await foreach (var row in AnnotatedExample.ReadAsync(splits.Train.Read(cancellation), teacher, store, cancellation))
        {
            var (example, answers) = (row.Example, row.Answers.OfType<Annotation>().ToList());
            texts.AddRange(answers
                .SelectMany(answer => new[] { answer.Label, answer.Rationale })
                .Prepend(example.Label).Prepend(example.Input).OfType<string>());
            if (training.Arm == Arms.SingleTask)
            {
                // Else a small vocabulary may lack a letter of the words that part the rationale from the label.
                texts.AddRange(answers.Where(answer => answer.Rationale is not null).Select(_ => SingleTaskTarget.Marker));
            }

            if (TaskSplits.InFraction(example.Id, training.Fraction) && maker.Make(example, answers) is { } lesson)
            {
                lessons.Add(lesson);
            }
        }

        if (lessons.Count == 0)
        {
            throw new StepDistillException(
                $"No row of {splits.Train.Source} can train the arm {training.Arm}: "
                + string.Join("; ", maker.Counts.LeftOut.Select(why => $"{why.Value} rows: {why.Key}"))
                + ". Where annotations are missing, run 'stepdistill annotate' with this recipe first.");
        }

        if (training is { Arm: Arms.StepByStep or Arms.SingleTask, RationaleShare: > 0 } && lessons.TrueForAll(lesson => lesson.Rationales.Count == 0))
        {
            throw new StepDistillException(
                $"None of the {lessons.Count} rows has a rationale, and the arm {training.Arm} learns from them: "
                + string.Join("; ", maker.Counts.WithoutRationale.Select(why => $"{why.Value} rows: {why.Key}"))
                + ". Run 'stepdistill annotate' with this recipe first, or train the arm finetune.");
        }

        var validation = await ReadValidationAsync(recipe, splits, cancellation).ConfigureAwait(false);
        var train = Pairs(lessons, training);
        if (recipe.Batches.Order == "paper" && recipe.Task.ValidationRows is not null)
        {
            train = InPaperOrder(train, validation.Count);
        }

        return new TrainingSet
        {
            Train = train,
            Validation = ChooseRows(validation, recipe.Evaluation.MaxRows),
            Counts = maker.Counts,
            Texts = [training.LabelPrefix, training.RationalePrefix, .. texts],
            Hashes = new Dictionary<string, string>
            {
                ["train"] = ContentHash.Of(train.Select(row => JsonSerializer.Serialize(row))),
                ["validation"] = ContentHash.Of(validation.SelectMany(example => new[] { example.Id, example.Input!, example.Label! })),
                ["texts"] = ContentHash.Of(texts),
            },
        };
    }

    /// <summary>Writes lessons as pairs, rationales spoilt where the recipe says so, weights brought to a mean of 1.</summary>
    private static List<TrainingRow> Pairs(List<Lesson> lessons, TrainingSection training)
    {
        var maker = new PairMaker(training);
        var weight = lessons.Average(lesson => lesson.Weight);
        return RationaleControl.Apply(training.RationaleControl, lessons, training.Seed)
            .ConvertAll(lesson => maker.Make(lesson with { Weight = lesson.Weight / weight }));
    }

    private static async Task<List<Example>> ReadValidationAsync(Recipe recipe, TaskSplits splits, CancellationToken cancellation)
    {
        var validation = new List<Example>();
        if (splits.Validation is { } split)
        {
            await foreach (var example in split.Read(cancellation).ConfigureAwait(false))
            {
                if (example is { Input: not null, Label: not null })
                {
                    validation.Add(example);
                }
            }
        }

        return validation.Count > 0 ? validation : throw new StepDistillException(
            $"The recipe {recipe.Name} has no validation rows with a gold label ({splits.Validation?.Source ?? "task.validation_share is 0"}); "
            + "they decide which weights are kept. Name a file in task.validation, or set task.validation_share above 0.");
    }

    /// <summary>The same rows whatever the arm and the seed, so that runs are compared on equal terms.</summary>
    private static List<Example> ChooseRows(List<Example> rows, int most) => most == 0 || rows.Count <= most
        ? rows
        : [.. rows.OrderBy(example => ContentHash.Share("validation rows", example.Id)).Take(most)];

    /// <summary>Arranges training rows as the paper's program leaves them after cutting its validation part off.</summary>
    private static List<TrainingRow> InPaperOrder(List<TrainingRow> train, int validationRows)
    {
        var split = PaperOrder.Split(train.Count + validationRows);
        if (split.Train.Length != train.Count)
        {
            throw new StepDistillException(
                $"batches.order is paper, but {train.Count} training and {validationRows} validation rows are not the program's split "
                + $"({split.Train.Length} and {split.Validation.Length}). Use its row numbers in task.validation_rows and all training rows, "
                + "or batches.order shuffled.");
        }

        // Row numbers of the whole file, ascending, are the order in which the training rows were read.
        var position = split.Train.Order().Select((row, i) => (row, i)).ToDictionary(pair => pair.row, pair => pair.i);
        return [.. split.Train.Select(row => train[position[row]])];
    }
}
