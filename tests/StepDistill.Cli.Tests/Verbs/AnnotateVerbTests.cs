using StepDistill.Annotations;
using StepDistill.Cli.Verbs;
using StepDistill.Files;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class AnnotateVerbTests
{
    [Fact]
    public async Task What_is_stored_is_not_asked_again()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        var verb = new AnnotateVerb(FakeStages.Create());

        var first = await Run.Verb(verb, recipe, "--runs", folder["runs"]);
        var again = await Run.Verb(verb, recipe, "--runs", folder["runs"]);

        Assert.Equal(ExitCode.Success, first.Code);
        Assert.StartsWith("birds: 0 stored, 7 to ask\nAsked 7: 4 readable, 1 unreadable, 2 failed.\n", first.Output, StringComparison.Ordinal);
        Assert.Equal("birds: 7 stored, 0 to ask\n", again.Output);
    }

    [Fact]
    public async Task Each_of_several_answers_is_a_question_of_its_own_but_equal_ones_are_one()
    {
        using var folder = new TemporaryFolder();
        var (recipe, setting) = Birds.WriteWithTwoAnswersTo(folder);
        var verb = new AnnotateVerb(FakeStages.Create());

        var first = await Run.Verb(verb, recipe, "--runs", folder["runs"], "--set", setting);
        var again = await Run.Verb(verb, recipe, "--runs", folder["runs"], "--set", setting);

        // Seven rows: c has two answers, a one and none, the others none twice.
        Assert.StartsWith("birds: 0 stored, 9 to ask\nAsked 9: 3 readable, 6 failed.\n", first.Output, StringComparison.Ordinal);
        Assert.Equal("birds: 9 stored, 0 to ask\n", again.Output);
    }

    [Fact]
    public async Task Json_is_one_object_and_progress_goes_elsewhere()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new AnnotateVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], "--json", "--split", "train");

        Assert.Equal(4, run.Json["asked"]!.GetValue<long>());
        Assert.Equal(3, run.Json["statuses"]!["ok"]!.GetValue<long>());
        Assert.Contains("Annotating:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_asks_nobody()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new AnnotateVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], "--dry-run");

        Assert.Equal("birds: 0 stored, 7 to ask\n", run.Output);
    }

    [Fact]
    public async Task Stopping_keeps_the_answers_that_were_under_way()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var recipe = Birds.WriteTo(folder);
        var stages = FakeStages.Create() with
        {
            Teacher = (_, _, _) => Task.FromResult<ITeacher>(new StoppingTeacher(stop)),
        };
        var verb = new AnnotateVerb(stages);

        var stopped = await Run.Verb(verb, stop.Token, recipe, "--runs", folder["runs"], "--set", "teacher.concurrency=1");
        var rest = await Run.Verb(verb, recipe, "--runs", folder["runs"], "--dry-run", "--json");

        Assert.Equal(ExitCode.Stopped, stopped.Code);
        Assert.StartsWith("Stopped; what was done is kept.", stopped.Error.Split('\n')[^2], StringComparison.Ordinal);
        Assert.True(rest.Json["splits"]!["train"]!["stored"]!.GetValue<long>() >= 1);
    }

    [Fact]
    public async Task Rows_that_cannot_be_asked_about_are_counted_with_the_reason()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new AnnotateVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], "--dry-run",
            "--set", "teacher.name=chat", "--set", "teacher.model=m", "--set", "teacher.rationale=for-gold");

        Assert.Equal(
            "birds: 0 stored, 3 to ask\n1 row cannot be asked about: no gold label, which teacher.rationale 'for-gold' gives (or no input).\n",
            run.Output);
    }

    [Fact]
    public async Task An_unknown_split_is_wrong_usage()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new AnnotateVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], "--split", "dev");

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Equal("The recipe has no rows called 'dev'; it has train, validation, test.\n", run.Error);
    }

    /// <summary>Answers, but stops the run while it does.</summary>
    private sealed class StoppingTeacher(CancellationTokenSource stop) : ITeacher
    {
        public string Name => "stopping";

        public string KeyOf(Example example) => ContentHash.Of(example.Id);

        public async Task<Annotation> AnswerAsync(Example example, CancellationToken cancellation = default)
        {
            await stop.CancelAsync();
            return new Annotation
            {
                Key = KeyOf(example),
                ExampleId = example.Id,
                Teacher = Name,
                Status = AnnotationStatus.Ok,
                Reply = "fly",
                Label = "fly",
            };
        }
    }
}
