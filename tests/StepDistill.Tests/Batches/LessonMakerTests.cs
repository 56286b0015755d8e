using CsCheck;
using StepDistill.Annotations;
using StepDistill.Annotations.Filters;
using StepDistill.Batches;
using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Tests.Batches;

public sealed class LessonMakerTests
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
    public void Fine_tuning_takes_the_gold_label_and_no_rationale()
    {
        var maker = Maker(Arms.Finetune);
        AssertLesson("good", [], maker.Make(Sunny, [Wrong]));
        AssertLesson("good", [], maker.Make(Sunny, []));
        Assert.Null(maker.Make(Sunny with { Label = null }, [Right]));
        Assert.Equal(2, maker.Counts.Made);
        Assert.Equal([new("there is no gold label", 1)], maker.Counts.LeftOut);
        Assert.Empty(maker.Counts.WithoutRationale);
    }

    [Fact]
    public void Distillation_takes_the_teachers_label_and_no_rationale()
    {
        var maker = Maker(Arms.Distill);
        AssertLesson("bad", [], maker.Make(Sunny, [Wrong]));
        AssertLesson("good", [], maker.Make(Sunny with { Label = null }, [Right]));
        Assert.Null(maker.Make(Sunny, [Unreadable]));
        Assert.Null(maker.Make(Sunny, []));
        Assert.Equal(
            [new("the example is not annotated", 1), new("the teacher's reply is unreadable", 1)], maker.Counts.LeftOut);
    }

    [Theory]
    [InlineData(Arms.StepByStep)]
    [InlineData(Arms.SingleTask)]
    public void The_other_arms_take_the_rationale_too_and_the_label_that_they_are_told(string arm)
    {
        AssertLesson("good", ["Sun burns."], Maker(arm).Make(Sunny, [Wrong]));
        AssertLesson("bad", ["Sun burns."], Maker(arm, "teacher").Make(Sunny, [Wrong]));
    }

    [Fact]
    public void A_gold_label_goes_with_the_rationales_of_all_answers() => AssertLesson(
        "good", ["Sun is pleasant.", "Sun burns."], Maker(Arms.StepByStep).Make(Sunny, [Right, Unreadable, Wrong]));

    [Fact]
    public void The_teachers_label_is_what_most_answers_say_and_only_their_rationales_go_with_it()
    {
        var maker = Maker(Arms.StepByStep, "teacher");
        AssertLesson("bad", ["Sun burns.", "It is hot."], maker.Make(Sunny, [Right, Wrong, Wrong with { Rationale = "It is hot." }]));
        AssertLesson("good", ["Sun is pleasant."], maker.Make(Sunny, [Right, Wrong]));
        AssertLesson("bad", ["Sun burns."], maker.Make(Sunny, [Unreadable, Wrong]));
    }

    [Fact]
    public void Equations_vote_by_their_value()
    {
        var sum = new TaskSpec { Name = "sums", Answer = AnswerKind.Equation };
        var maker = new LessonMaker(sum, new TrainingSection { Arm = Arms.Distill });
        Assert.Equal("3 - 1", maker.Make(Sunny, [Right with { Label = "4 / 4" }, Right with { Label = "3 - 1" }, Right with { Label = "1 + 1" }])!.Label);
    }

    [Fact]
    public void Weights_follow_the_share_of_answers_that_agree_with_the_label_and_are_never_0()
    {
        Assert.Equal(1, Maker(Arms.StepByStep).Make(Sunny, [Wrong])!.Weight);

        Assert.Equal([2 / 3.0, 1 / 3.0, 1 / 2.0, 1 / 2.0], Weights("gold", [Right], [Wrong], [], [Unreadable]));
        Assert.Equal([3 / 4.0, 2 / 4.0, 1 / 4.0, 2 / 3.0], Weights("gold", [Right, Right], [Right, Wrong], [Wrong, Wrong], [Right, Unreadable]));
        Assert.Equal([2 / 3.0, 2 / 3.0, 3 / 5.0], Weights("teacher", [Right], [Wrong], [Right, Wrong, Wrong]));

        static IEnumerable<double> Weights(string source, params Annotation[][] answers)
        {
            var maker = new LessonMaker(
                Task, new TrainingSection { Arm = Arms.StepByStep, LabelSource = source, WeightByAgreement = true });
            return answers.Select(of => maker.Make(Sunny, of)!.Weight);
        }
    }

    [Fact]
    public void Agreement_counts_all_readable_answers_also_those_that_are_not_kept()
    {
        var maker = new LessonMaker(Task, new TrainingSection { Arm = Arms.StepByStep, WeightByAgreement = true }, new(Task, ["correct"]));
        var lesson = maker.Make(Sunny, [Right, Wrong])!;
        Assert.Equal((1 / 2.0, 1), (lesson.Weight, lesson.Rationales.Count));
    }

    [Fact]
    public void A_share_of_the_rationales_lies_inside_every_larger_one()
    {
        var ids = Gen.Int[0, 1_000_000].Select(number => $"row {number}").Array[1, 50];
        Gen.Select(ids, Gen.Double[0, 1], Gen.Double[0, 1]).Sample((rows, one, other) =>
        {
            var (less, more) = (WithRationale(Math.Min(one, other), rows), WithRationale(Math.Max(one, other), rows));
            Assert.Subset(more, less);
            Assert.Equal(rows.ToHashSet(), WithRationale(1, rows));
            Assert.Empty(WithRationale(0, rows));
        });
        Assert.InRange(WithRationale(0.3, [.. Enumerable.Range(0, 2000).Select(i => $"{i}")]).Count, 540, 660);

        static HashSet<string> WithRationale(double share, string[] rows)
        {
            var maker = new LessonMaker(Task, new TrainingSection { RationaleShare = share });
            var with = rows.Select(id => maker.Make(Sunny with { Id = id }, [Right])!).Where(lesson => lesson.Rationales.Count > 0).ToList();
            Assert.Equal(rows.Length, maker.Counts.Made);
            Assert.Equal(rows.Length - with.Count, maker.Counts.WithoutRationale.GetValueOrDefault("it is outside training.rationale_share"));
            return [.. with.Select(lesson => lesson.ExampleId)];
        }
    }

    [Fact]
    public void Long_rationales_are_cut_and_counted()
    {
        var maker = new LessonMaker(Task, new TrainingSection { MaxRationaleWords = 3 });
        AssertLesson("good", ["Sun is pleasant.", "It is hot"], maker.Make(Sunny, [Right, Right with { Rationale = "It is hot today. So." }]));
        Assert.Equal(1, maker.Counts.CutRationales);
    }

    [Fact]
    public void Without_a_rationale_the_label_stays()
    {
        var maker = Maker(Arms.StepByStep);
        AssertLesson("good", [], maker.Make(Sunny, [Unreadable]));
        AssertLesson("good", [], maker.Make(Sunny, []));
        AssertLesson("good", [], maker.Make(Sunny, [Right with { Rationale = null }]));
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
    public void Keeping_only_correct_annotations_drops_wrong_rationales_and_labels()
    {
        var maker = Maker(Arms.StepByStep, keep: "correct");
        AssertLesson("good", [], maker.Make(Sunny, [Wrong]));
        AssertLesson("good", ["Sun is pleasant."], maker.Make(Sunny, [Wrong, Right]));
        Assert.Equal([new("the teacher's label is wrong", 1)], maker.Counts.WithoutRationale);

        var distill = Maker(Arms.Distill, keep: "correct");
        Assert.Null(distill.Make(Sunny, [Wrong]));
        Assert.Null(distill.Make(Sunny with { Label = null }, [Right]));
        Assert.NotNull(distill.Make(Sunny, [Right]));
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
        Assert.Null(maker.Make(Sunny with { Input = null }, [Right]));
        Assert.Equal([new("the input is not known", 1)], maker.Counts.LeftOut);
    }

    [Fact]
    public void Whatever_comes_in_no_text_that_goes_out_is_blank_and_every_example_is_counted()
    {
        var text = Gen.OneOf(Gen.Const((string?)null), Gen.Const<string?>(" "), Gen.String["ab "].Select(s => (string?)s));
        var status = Gen.Int[0, 4].Select(number => (AnnotationStatus)number);
        var answers = Gen.Select(text, text, status).Select((label, rationale, how) =>
            Right with { Status = how, Label = label, Rationale = rationale }).Array[0, 4];
        var training = Gen.Select(OneOf(Arms.All), OneOf(["gold", "teacher"]), Gen.Double[0, 1], Gen.Int[0, 2], Gen.Bool)
            .Select((arm, source, share, words, weigh) => new TrainingSection
            {
                Arm = arm, LabelSource = source, RationaleShare = share, MaxRationaleWords = words, WeightByAgreement = weigh,
            });
        Gen.Select(training, OneOf(AnnotationFilters.Names).List[0, 3], Gen.Select(text, text, answers).List[0, 20]).Sample((section, keep, rows) =>
        {
            var maker = new LessonMaker(Task, section, new(Task, keep));
            var made = rows.ConvertAll(row => maker.Make(new Example { Id = "1", Input = row.Item1, Label = row.Item2 }, row.Item3));
            Assert.All(made.OfType<Lesson>(), lesson =>
            {
                Assert.False(string.IsNullOrWhiteSpace(lesson.Label));
                Assert.All(lesson.Rationales, rationale => Assert.False(string.IsNullOrWhiteSpace(rationale)));
                Assert.InRange(lesson.Weight, 1 / 6.0, 1);
            });
            Assert.Equal(rows.Count, maker.Counts.Made + maker.Counts.LeftOut.Values.Sum());
            Assert.Equal(made.OfType<Lesson>().Count(), maker.Counts.Made);
        });
    }

    [Fact]
    public void Unknown_words_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Maker("magic"));
        Assert.Throws<ArgumentException>(() => Maker(Arms.Finetune, keep: "all"));
    }

    private static Gen<string> OneOf(IReadOnlyList<string> words) => Gen.Int[0, words.Count - 1].Select(i => words[i]);

    private static LessonMaker Maker(string arm, string source = "gold", string keep = "readable") =>
        new(Task, new TrainingSection { Arm = arm, LabelSource = source }, new AnnotationFilters(Task, [keep]));

    private static void AssertLesson(string label, string[] rationales, Lesson? lesson)
    {
        Assert.NotNull(lesson);
        Assert.Equal(("1", "The sun shines.", label), (lesson.ExampleId, lesson.Input, lesson.Label));
        Assert.Equal(rationales, lesson.Rationales);
    }
}
