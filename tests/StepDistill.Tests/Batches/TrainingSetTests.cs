using System.Text.Json;
using StepDistill.Batches;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Tests.Annotations;

namespace StepDistill.Tests.Batches;

public sealed class TrainingSetTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stepdistill-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task One_answer_makes_one_choice_of_weight_1()
    {
        var set = await ReadAsync(new(), "first");

        Assert.Equal(20, set.Train.Count);
        Assert.All(set.Train, row => Assert.Equal(1.0, Assert.Single(row.Choices).Weight));
        Assert.Equal("first: 3 is odd", Row(set, 3).Choices[0].Rationale!.Target);
    }

    [Fact]
    public async Task Several_answers_are_several_choices_and_part_of_the_datas_hash()
    {
        var (one, both, turned) = (
            await ReadAsync(new(), "first"), await ReadAsync(new(), "first", "second"), await ReadAsync(new(), "second", "first"));

        Assert.Equal(
            ["first: 3 is odd", "second: 3 is even"], Row(both, 3).Choices.Select(choice => choice.Rationale!.Target));
        Assert.Equal(3, new[] { one, both, turned }.Select(set => set.Hashes["train"]).Distinct().Count());
        Assert.Contains("second: 3 is even", both.Texts);
    }

    [Fact]
    public async Task Weights_by_agreement_have_the_mean_1_and_favour_rows_on_which_the_answers_agree()
    {
        // The first teacher is always right, the second wrong on odd numbers.
        var set = await ReadAsync(new() { WeightByAgreement = true }, "first", "second");

        Assert.Equal(1, set.Train.Average(row => row.Choices[0].Weight), 12);
        Assert.Equal(3 / 2.0, Row(set, 4).Choices[0].Weight / Row(set, 3).Choices[0].Weight, 12);
        Assert.NotEqual(set.Hashes["train"], (await ReadAsync(new(), "first", "second")).Hashes["train"]);
    }

    [Fact]
    public async Task The_tokenizer_of_the_single_task_arm_sees_the_words_between_rationale_and_label()
    {
        var (single, other) = (await ReadAsync(new() { Arm = Arms.SingleTask }, "first"), await ReadAsync(new(), "first"));

        Assert.Equal(20, single.Texts.Count(text => text == "So the answer is "));
        Assert.DoesNotContain("So the answer is ", other.Texts);
        Assert.NotEqual(single.Hashes["texts"], other.Hashes["texts"]);
    }

    [Fact]
    public async Task Spoilt_rationales_leave_labels_and_tokenizer_text_as_they_are()
    {
        var (plain, control) = (await ReadAsync(new(), "first"), await ReadAsync(new() { RationaleControl = "shuffled-rows" }, "first"));

        Assert.Equal(plain.Hashes["texts"], control.Hashes["texts"]);
        Assert.All(plain.Train.Zip(control.Train), pair =>
        {
            Assert.Equal(pair.First.Choices[0].Label, pair.Second.Choices[0].Label);
            Assert.NotEqual(pair.First.Choices[0].Rationale, pair.Second.Choices[0].Rationale);
        });

        var single = await ReadAsync(new() { Arm = Arms.SingleTask, RationaleControl = "shuffled-rows" }, "first");
        Assert.All(single.Train, row => Assert.DoesNotContain(
            $": {row.Choices[0].ExampleId} is", row.Choices[0].Label.Target, StringComparison.Ordinal));
        Assert.Equal(
            JsonSerializer.Serialize(control.Train),
            JsonSerializer.Serialize((await ReadAsync(new() { RationaleControl = "shuffled-rows" }, "first")).Train));
        Assert.NotEqual(
            control.Hashes["train"], (await ReadAsync(new() { RationaleControl = "shuffled-rows", Seed = 1 }, "first")).Hashes["train"]);
    }

    [Fact]
    public async Task No_rationale_at_all_is_refused_unless_asked_for()
    {
        Assert.All((await ReadAsync(new() { RationaleShare = 0 }, "first")).Train, row => Assert.Null(row.Choices[0].Rationale));

        var fault = await Assert.ThrowsAsync<StepDistillException>(() => ReadAsync(new() { RationaleShare = 1e-9 }, "first"));
        Assert.Contains("20 rows: it is outside training.rationale_share", fault.Message, StringComparison.Ordinal);
    }

    private static TrainingRow Row(TrainingSet set, int number) => set.Train.Single(row => row.Choices[0].ExampleId == $"{number}");

    /// <summary>Numbers that are odd or even, with the answers of teachers of which the second calls them all even.</summary>
    private async Task<TrainingSet> ReadAsync(TrainingSection training, params string[] teachers)
    {
        var (rows, answers) = (Path.Combine(_folder.FullName, "rows.jsonl"), teachers.Select(name => Path.Combine(_folder.FullName, $"{name}.jsonl")).ToList());
        await File.WriteAllLinesAsync(
            rows, Enumerable.Range(0, 20).Select(i => JsonSerializer.Serialize(new { id = $"{i}", input = $"number {i}", label = Parity(i) })), Stop);
        foreach (var (name, file) in teachers.Zip(answers))
        {
            await File.WriteAllLinesAsync(file, Enumerable.Range(0, 20).Select(i =>
            {
                var said = name == "second" ? "even" : Parity(i);
                return JsonSerializer.Serialize(new { id = $"{i}", teacher_label = said, rationale = $"{name}: {i} is {said}" });
            }), Stop);
        }

        var recipe = new Recipe
        {
            Name = "parity",
            Task = new() { Name = "parity", Answer = "label", Labels = ["odd", "even"], Train = rows, Validation = rows },
            Teacher = new() { Answers = answers },
            Training = training,
        };
        var task = TaskSpec.From(recipe.Task);
        var splits = TaskSplits.Open(task, recipe.Task, _folder.FullName);
        var teacher = await RecordedTeacher.OpenAsync(task, recipe.Teacher, cancellation: Stop);
        using var store = new MemoryStore();
        await new AnnotationRun(teacher, store).RunAsync(splits.Train.Read(Stop), Stop);
        return await TrainingSet.ReadAsync(recipe, task, splits, teacher, store, Stop);

        static string Parity(int number) => number % 2 == 1 ? "odd" : "even";
    }
}
