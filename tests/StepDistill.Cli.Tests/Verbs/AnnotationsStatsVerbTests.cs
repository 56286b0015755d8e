using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class AnnotationsStatsVerbTests
{
    [Fact]
    public async Task Recorded_answers_are_counted_without_being_annotated_first()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new AnnotationsStatsVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], "--json");

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal("birds", run.Json["recipe"]!.GetValue<string>());
        var train = run.Json["splits"]!["train"]!;
        Assert.Equal(
            (4, 3, 3, 2, 2.0 / 3),
            (train["rows"]!.GetValue<long>(), train["with_gold"]!.GetValue<long>(), train["readable"]!.GetValue<long>(),
                train["correct"]!.GetValue<long>(), train["accuracy"]!.GetValue<double>()));
        Assert.Equal(1, run.Json["splits"]!["validation"]!["rows"]!.GetValue<long>());
        Assert.Null(run.Json["splits"]!["test"]!["accuracy"]);
    }

    [Fact]
    public async Task Several_answers_are_counted_each()
    {
        using var folder = new TemporaryFolder();
        var (recipe, setting) = Birds.WriteWithTwoAnswersTo(folder);

        var table = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", setting);
        var run = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", setting, "--json");

        Assert.Contains("train, answer 1", table.Output, StringComparison.Ordinal);
        Assert.Contains("train, answer 2", table.Output, StringComparison.Ordinal);
        var train = run.Json["splits"]!["train"]!;
        Assert.Equal((2, 1), (train["readable"]!.GetValue<int>(), train["correct"]!.GetValue<int>()));
        Assert.Equal(
            [(2, 1), (1, 1)],
            train["answers"]!.AsArray().Select(answer => (answer!["readable"]!.GetValue<int>(), answer["correct"]!.GetValue<int>())));
    }

    [Fact]
    public async Task The_table_says_why_answers_have_no_label()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"]);

        Assert.Contains("train          4          3         4         3        2   66.67 %", run.Output, StringComparison.Ordinal);
        Assert.Contains("The recorded label 'walk' is not one that the task allows.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_teacher_is_reported_with_its_interval_its_agreement_its_labels_and_what_is_left_out()
    {
        using var folder = new TemporaryFolder();
        var (recipe, setting) = Birds.WriteWithTwoAnswersTo(folder);
        string[] words = [recipe, "--runs", folder["runs"], "--set", setting, "--set", "teacher.keep=correct,length", "--set", "teacher.rationale_words.min=4"];

        var text = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), words);
        var json = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), [.. words, "--json"]);

        // Row a: right, 3 words. Row c: wrong with 4 words, then right with 3; the earlier of the two is the vote.
        Assert.Contains("train: 0 of 4 rows useful for training.", text.Output, StringComparison.Ordinal);
        Assert.Contains("The teacher is right on 50.00 % of 2 answered rows with gold labels (95 % interval 9.5 % to 90.5 %).", text.Output, StringComparison.Ordinal);
        Assert.Contains("Its answers to a row agree by 50.00 % on average, and all of them on 0.00 % of 1 rows with several.", text.Output, StringComparison.Ordinal);
        Assert.Contains("  swim      1        2     1", text.Output, StringComparison.Ordinal);
        Assert.Contains("1 answers left out by 'correct': the teacher's label is wrong.", text.Output, StringComparison.Ordinal);
        Assert.Contains("2 answers left out by 'length': the rationale has fewer than 4 words.", text.Output, StringComparison.Ordinal);
        var teacher = json.Json["splits"]!["train"]!["teacher"]!;
        Assert.Equal(
            (0, 2, 1, 0.5, 1, 0, 0.5),
            (teacher["useful"]!.GetValue<int>(), teacher["judged"]!.GetValue<int>(), teacher["correct"]!.GetValue<int>(),
                teacher["accuracy"]!.GetValue<double>(), teacher["compared"]!.GetValue<int>(), teacher["unanimous"]!.GetValue<int>(),
                teacher["agreement"]!.GetValue<double>()));
        Assert.InRange(teacher["interval"]![0]!.GetValue<double>(), 0.0945, 0.0946);
        Assert.Equal("length", teacher["dropped"]!.AsArray()[^1]!["filter"]!.GetValue<string>());
    }
}
