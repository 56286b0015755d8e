using CsCheck;
using StepDistill.Annotations;
using StepDistill.Batches;
using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Tests.Batches;

public sealed class PairMakerTests
{
    private static readonly TaskSpec Task = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private static readonly Example Sunny = new() { Id = "1", Input = "The sun shines.", Label = "good" };

    private static readonly Annotation Right = new()
    {
        Key = "k", ExampleId = "1", Teacher = "t", Status = AnnotationStatus.Ok, Reply = "…",
        Label = "good", Rationale = "Sun is pleasant.",
    };

    private static readonly Annotation Wrong = Right with { Label = "bad", Rationale = "Sun burns." };

    private static readonly Annotation Unreadable = Right with { Status = AnnotationStatus.Unreadable, Label = null };

    [Fact]
    public void Fine_tuning_maps_the_bare_input_to_the_gold_label()
    {
        var maker = Maker(Arms.Finetune);
        Assert.Equal(Only("The sun shines.", "good"), maker.Make(Sunny, Wrong));
        Assert.Equal(Only("The sun shines.", "good"), maker.Make(Sunny, null));
        Assert.Null(maker.Make(Sunny with { Label = null }, Right));
        Assert.Equal(2, maker.Counts.Made);
        Assert.Equal([new("there is no gold label", 1)], maker.Counts.LeftOut);
        Assert.Empty(maker.Counts.WithoutRationale);
    }

    [Fact]
    public void Distillation_maps_the_bare_input_to_the_teachers_label()
    {
        var maker = Maker(Arms.Distill);
        Assert.Equal(Only("The sun shines.", "bad"), maker.Make(Sunny, Wrong));
        Assert.Equal(Only("The sun shines.", "good"), maker.Make(Sunny with { Label = null }, Right));
        Assert.Null(maker.Make(Sunny, Unreadable));
        Assert.Null(maker.Make(Sunny, null));
        Assert.Equal(
            [new("the example is not annotated", 1), new("the teacher's reply is unreadable", 1)], maker.Counts.LeftOut);
    }

    [Fact]
    public void Step_by_step_trains_label_and_rationale_under_the_programs_prefixes() => Assert.Equal(
        new TrainingExample(
            "1",
            new TrainingPair(PairTask.Label, "predict: The sun shines.", "good"),
            new TrainingPair(PairTask.Rationale, "explain: The sun shines.", "Sun burns.")),
        Maker(Arms.StepByStep).Make(Sunny, Wrong));

    [Fact]
    public void Step_by_step_takes_the_teachers_label_when_told() =>
        Assert.Equal("bad", Maker(Arms.StepByStep, "teacher").Make(Sunny, Wrong)!.Label.Target);

    [Fact]
    public void Prefixes_are_settings()
    {
        var training = new TrainingSection { Arm = Arms.StepByStep, LabelPrefix = "[label] ", RationalePrefix = "[rationale] " };
        var made = new PairMaker(Task, training).Make(Sunny, Right)!;
        Assert.Equal(("[label] The sun shines.", "[rationale] The sun shines."), (made.Label.Source, made.Rationale!.Source));
    }

    [Fact]
    public void Without_a_rationale_the_label_pair_stays()
    {
        var maker = Maker(Arms.StepByStep);
        var label = new TrainingExample("1", new TrainingPair(PairTask.Label, "predict: The sun shines.", "good"), null);
        Assert.Equal(label, maker.Make(Sunny, Unreadable));
        Assert.Equal(label, maker.Make(Sunny, null));
        Assert.Equal(label, maker.Make(Sunny, Right with { Rationale = null }));
        Assert.Equal(3, maker.Counts.Made);
        Assert.Empty(maker.Counts.LeftOut);
        Assert.Equal(
            [
                new("the example is not annotated", 1), new("the teacher gave no rationale", 1),
                new("the teacher's reply is unreadable", 1),
            ],
            maker.Counts.WithoutRationale);
    }

    [Fact]
    public void Single_task_puts_the_rationale_before_the_label()
    {
        Assert.Equal(Only("The sun shines.", "Sun burns. So the answer is good"), Maker(Arms.SingleTask).Make(Sunny, Wrong));
        Assert.Equal(Only("The sun shines.", "Sun burns. So the answer is bad"), Maker(Arms.SingleTask, "teacher").Make(Sunny, Wrong));
        Assert.Equal(Only("The sun shines.", "So the answer is good"), Maker(Arms.SingleTask).Make(Sunny, Unreadable));
    }

    [Fact]
    public void Keeping_only_correct_annotations_drops_wrong_rationales_and_labels()
    {
        var maker = Maker(Arms.StepByStep, keep: "correct");
        Assert.Null(maker.Make(Sunny, Wrong)!.Rationale);
        Assert.NotNull(maker.Make(Sunny, Right)!.Rationale);
        Assert.Equal([new("the teacher's label is wrong", 1)], maker.Counts.WithoutRationale);

        var distill = Maker(Arms.Distill, keep: "correct");
        Assert.Null(distill.Make(Sunny, Wrong));
        Assert.Null(distill.Make(Sunny with { Label = null }, Right));
        Assert.NotNull(distill.Make(Sunny, Right));
        Assert.Equal(
            [new("the teacher's label is wrong", 1), new("there is no gold label to check the teacher's by", 1)],
            distill.Counts.LeftOut);
    }

    [Theory]
    [InlineData(Arms.Finetune)]
    [InlineData(Arms.Distill)]
    [InlineData(Arms.StepByStep)]
    [InlineData(Arms.SingleTask)]
    public void Nothing_is_trained_on_an_unknown_input(string arm)
    {
        var maker = Maker(arm);
        Assert.Null(maker.Make(Sunny with { Input = null }, Right));
        Assert.Equal([new("the input is not known", 1)], maker.Counts.LeftOut);
    }

    [Fact]
    public void Whatever_comes_in_no_text_that_goes_out_is_blank_and_every_example_is_counted()
    {
        var text = Gen.OneOf(Gen.Const((string?)null), Gen.Const<string?>(" "), Gen.String["ab "].Select(s => (string?)s));
        var status = Gen.Int[0, 4].Select(number => (AnnotationStatus)number);
        var gen = Gen.Select(OneOf(Arms.All), OneOf(["gold", "teacher"]), OneOf(["readable", "correct"]),
            Gen.Select(text, text, text, text, status, Gen.Bool).List[0, 20]);
        gen.Sample((arm, source, keep, rows) =>
        {
            var maker = Maker(arm, source, keep);
            var made = rows.ConvertAll(row => maker.Make(
                new Example { Id = "1", Input = row.Item1, Label = row.Item2 },
                row.Item6 ? null : Right with { Status = row.Item5, Label = row.Item3, Rationale = row.Item4 }));
            Assert.All(made.OfType<TrainingExample>(), example =>
            {
                Assert.False(string.IsNullOrWhiteSpace(example.Label.Target));
                Assert.False(example.Rationale is { } pair && string.IsNullOrWhiteSpace(pair.Target));
            });
            Assert.Equal(rows.Count, maker.Counts.Made + maker.Counts.LeftOut.Values.Sum());
            Assert.Equal(made.OfType<TrainingExample>().Count(), maker.Counts.Made);
        });
    }

    [Fact]
    public void Unknown_words_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Maker("magic"));
        Assert.Throws<ArgumentException>(() => Maker(Arms.Finetune, keep: "all"));
    }

    private static Gen<string> OneOf(IReadOnlyList<string> words) => Gen.Int[0, words.Count - 1].Select(i => words[i]);

    private static PairMaker Maker(string arm, string source = "gold", string keep = "readable") =>
        new(Task, new TrainingSection { Arm = arm, LabelSource = source }, keep);

    private static TrainingExample Only(string source, string target) =>
        new("1", new TrainingPair(PairTask.Label, source, target), null);
}
