using StepDistill.Batches;
using StepDistill.Recipes;

namespace StepDistill.Tests.Batches;

public sealed class PairMakerTests
{
    private static readonly Lesson Sunny = new("1", "The sun shines.", "good", ["Sun is pleasant.", "It warms."], 0.5);

    private static readonly Lesson Bare = Sunny with { Rationales = [] };

    [Theory]
    [InlineData(Arms.Finetune)]
    [InlineData(Arms.Distill)]
    public void One_task_needs_no_prefix(string arm) =>
        Assert.Equal([Only("The sun shines.", "good")], Make(Bare, new() { Arm = arm }));

    [Fact]
    public void Step_by_step_trains_label_and_rationale_under_the_programs_prefixes() => Assert.Equal(
        [
            StepByStep("predict: The sun shines.", "explain: The sun shines.", "Sun is pleasant."),
            StepByStep("predict: The sun shines.", "explain: The sun shines.", "It warms."),
        ],
        Make(Sunny, new() { Arm = Arms.StepByStep }));

    [Fact]
    public void Prefixes_are_settings() => Assert.Equal(
        StepByStep("[label] The sun shines.", "[rationale] The sun shines.", "Sun is pleasant."),
        Make(Sunny, new() { LabelPrefix = "[label] ", RationalePrefix = "[rationale] " })[0]);

    [Fact]
    public void Where_the_decoder_marks_the_task_both_sources_are_the_bare_input() => Assert.Equal(
        StepByStep("The sun shines.", "The sun shines.", "Sun is pleasant."),
        Make(Sunny, new() { TaskMark = "decoder" })[0]);

    [Fact]
    public void Without_a_rationale_the_label_pair_keeps_its_prefix() =>
        Assert.Equal([Only("predict: The sun shines.", "good")], Make(Bare, new()));

    [Fact]
    public void Single_task_puts_the_rationale_before_the_label()
    {
        var training = new TrainingSection { Arm = Arms.SingleTask };
        Assert.Equal(
            [
                Only("The sun shines.", "Sun is pleasant. So the answer is good"),
                Only("The sun shines.", "It warms. So the answer is good"),
            ],
            Make(Sunny, training));
        Assert.Equal([Only("The sun shines.", "So the answer is good")], Make(Bare, training));
    }

    private static IReadOnlyList<TrainingExample> Make(Lesson lesson, TrainingSection training) =>
        new PairMaker(training).Make(lesson).Choices;

    private static TrainingExample Only(string source, string target) =>
        new("1", new TrainingPair(PairTask.Label, source, target), null, 0.5);

    private static TrainingExample StepByStep(string source, string other, string rationale) =>
        new("1", new TrainingPair(PairTask.Label, source, "good"), new TrainingPair(PairTask.Rationale, other, rationale), 0.5);
}
