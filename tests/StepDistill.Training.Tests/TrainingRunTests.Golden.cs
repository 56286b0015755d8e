using System.Runtime.CompilerServices;
using System.Text.Json;
using StepDistill.Batches;
using StepDistill.Evaluation;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Tokenizers;

namespace StepDistill.Training.Tests;

// The paper's own run.py on CommonsenseQA with PaLM's answers and a tiny network, recorded step by step, against the
// whole pipeline here: rows, replies, split, order, tokens, losses, predictions.
public sealed partial class TrainingRunTests
{
    // Worst difference seen: 2.3e-6, relative. Another order, token or rationale shows as 1e-2 or more.
    private const double LossTolerance = 1e-4;

    [Fact]
    public async Task The_program_s_own_run_is_reproduced()
    {
        var shared = SharedFolder();
        Assert.SkipUnless(Directory.Exists(shared), $"No reference run at {shared}.");
        var expected = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(shared, "golden/e2e_cqa/expected.json"), Stop)).RootElement;
        var recipe = new Recipe
        {
            Name = "e2e",
            Task = new()
            {
                Name = "cqa",
                Train = Path.Combine(shared, "data/cqa_train.jsonl.gz"),
                ValidationRows = Path.Combine(shared, "data/official_valid_split.json#cqa.valid"),
            },
            Teacher = new() { Format = "cqa-cot" },
            Student = new() { From = Path.Combine(shared, "golden/e2e_cqa") },
            Batches = new() { BatchSize = 8, Order = "paper" },
            Training = new() { MaxSteps = 16, LearningRate = 1e-3 },
            Evaluation = new() { EverySteps = 16, MaxRows = 48 },
        };
        using var workshop = new Workshop(recipe);
        await workshop.AnnotateAsync();

        var data = await TrainingSet.ReadAsync(recipe, workshop.Task, workshop.Splits, workshop.Teacher, workshop.Store, Stop);
        Assert.Equal(expected.GetProperty("n_train").GetInt32(), data.Train.Count);
        var encoder = new PairEncoder(Tokenizer.Load(recipe.Student.From), 1024, 256);
        foreach (var (pairs, row) in data.Train.Zip(expected.GetProperty("first_tokenized").EnumerateArray()))
        {
            var ids = encoder.Encode(pairs).In(epoch: 0, seed: 0);
            Assert.Equal(Ids(row.GetProperty("input_ids")), ids.Label.Source);
            Assert.Equal(Ids(row.GetProperty("labels")), ids.Label.Target);
            Assert.Equal(Ids(row.GetProperty("expl_input_ids")), ids.Rationale!.Source);
            Assert.Equal(Ids(row.GetProperty("aux_labels")), ids.Rationale.Target);
        }

        var run = await workshop.TrainAsync(cancellation: Stop);

        var steps = workshop.Events.OfType<StepTaken>().ToList();
        var reference = expected.GetProperty("steps").EnumerateArray().ToList();
        Assert.Equal(reference.Count, steps.Count);
        Assert.All(reference.Zip(steps), pair =>
        {
            var (theirs, ours) = pair;
            AssertClose(theirs.GetProperty("loss").GetDouble(), ours.Loss);
            AssertClose(theirs.GetProperty("pred_loss").GetDouble(), ours.LabelLoss);
            AssertClose(theirs.GetProperty("expl_loss").GetDouble(), ours.RationaleLoss!.Value);
        });
        Assert.Equal(expected.GetProperty("eval_accuracy").GetDouble(), run.BestScore);

        // The recorded student gave its first twelve test rows one and the same answer; ours is asked validation rows.
        var said = expected.GetProperty("eval_decoded_head").EnumerateArray().Select(text => text.GetString()!).Distinct().Single();
        var report = EvaluationReport.Read(workshop.Folder.Run(recipe.Training).Evaluation("validation"))!;
        Assert.Equal(said, report.Predictions.CountBy(row => row.Label ?? "").MaxBy(count => count.Value).Key);
    }

    private static void AssertClose(double expected, double actual) => Assert.Equal(expected, actual, expected * LossTolerance);

    private static int[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetInt32())];

    private static string SharedFolder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../shared"));
}
