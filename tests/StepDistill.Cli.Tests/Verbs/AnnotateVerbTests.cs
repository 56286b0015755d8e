using StepDistill.Annotations;
using StepDistill.Cli.Verbs;
using StepDistill.Files;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Cli.Tests.Verbs;

public sealed partial class AnnotateVerbTests
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
    public async Task It_first_says_what_the_questions_will_cost()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "It flies. So the answer is fly."));
        string[] priced = ["--set", "teacher.price.input=2", "--set", "teacher.price.output=8", "--dry-run"];
        var verb = new AnnotateVerb(FakeStages.Create());

        var unknown = await Run.Verb(verb, [.. Chat(folder, server), "--dry-run"]);
        var known = await Run.Verb(verb, [.. Chat(folder, server), .. priced]);
        var json = await Run.Verb(verb, [.. Chat(folder, server), .. priced, "--json"]);
        var free = await Run.Verb(verb, [.. Chat(folder, server), "--set", "teacher.provider=ollama", "--dry-run"]);

        Assert.Equal("birds: 0 stored, 4 to ask, price not known\n", unknown.Output);
        Assert.Matches(@"^birds: 0 stored, 4 to ask, about \$0\.\d+ \(\$0\.\d+ to \$0\.\d+\)\n$", known.Output);
        Assert.Equal(4, json.Json["estimate"]!["to_ask"]!.GetValue<int>());
        Assert.Equal("birds: 0 stored, 4 to ask, free of charge\n", free.Output);
        Assert.Empty(server.Keys);
    }

    [Fact]
    public async Task It_stops_before_it_could_spend_more_than_allowed()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "It flies. So the answer is fly."));

        // The server counts 10 tokens in and 5 out: $0.00502. But each could have 16 out, which makes more than $0.016. After
        // three, $0.01506 are spent, and a fourth could pass $0.027.
        string[] words =
        [
            .. Chat(folder, server), "--set", "teacher.price.input=2", "--set", "teacher.price.output=1000",
            "--set", "teacher.max_tokens=16", "--set", "teacher.concurrency=1",
        ];
        var stopped = await Run.Verb(new AnnotateVerb(FakeStages.Create()), [.. words, "--max-cost", "0.027"]);
        var asked = server.Keys.Count;
        var stats = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), [.. words, "--json"]);
        var rest = await Run.Verb(new AnnotateVerb(FakeStages.Create()), [.. words, "--max-cost", "1"]);

        Assert.Equal(ExitCode.Failure, stopped.Code);
        Assert.Contains("of the $0.027 allowed", stopped.Error, StringComparison.Ordinal);
        Assert.Equal(3, asked);
        Assert.Equal(0.01506m, stats.Json["cost"]!.GetValue<decimal>());
        Assert.Equal((ExitCode.Success, 4), (rest.Code, server.Keys.Count));
    }

    [Fact]
    public async Task A_limit_of_dollars_needs_a_price()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "It flies. So the answer is fly."));

        var run = await Run.Verb(new AnnotateVerb(FakeStages.Create()), [.. Chat(folder, server), "--max-cost", "5"]);

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Equal(
            $"What test costs at {server.Address} is not known, so --max-cost cannot be kept. Give its price in dollars for a million tokens, "
            + "such as --set teacher.price.input=0.15 --set teacher.price.output=0.60, or a file of prices as teacher.prices.\n",
            run.Error);
        Assert.Empty(server.Keys);
    }

    [Fact]
    public async Task Prices_of_a_file_are_used_and_kept_with_the_answers()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "It flies. So the answer is fly."));
        var prices = folder.Write("prices.json", """{ "providers": { "openai": { "models": { "test": { "input": 1, "output": 3 } } } } }""");
        string[] words = [.. Chat(folder, server), "--set", $"teacher.prices={prices}"];

        var run = await Run.Verb(new AnnotateVerb(FakeStages.Create()), [.. words, "--json"]);
        var stats = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), [.. words, "--json"]);
        var table = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), words);

        Assert.Equal(prices, run.Json["estimate"]!["price"]!["source"]!.GetValue<string>());
        var train = stats.Json["splits"]!["train"]!;
        Assert.Equal(
            (0.0001m, 4, 0.000025m),        // 4 × (10 × 1 + 5 × 3) millionths
            (train["cost"]!.GetValue<decimal>(), train["priced"]!.GetValue<int>(), train["cost_per_useful_row"]!.GetValue<decimal>()));
        Assert.Null(stats.Json["splits"]!["test"]!["cost"]);
        Assert.Contains("$0.0001            $0.000025", table.Output, StringComparison.Ordinal);
        Assert.Contains("All 4 answers with a price that are stored for this recipe, whatever was asked: $0.0001.\n", table.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e3")]
    [InlineData("$5")]
    [InlineData("1,000")]
    public async Task What_is_no_sum_of_dollars_is_wrong_usage(string dollars)
    {
        var run = await Run.Words("annotate", "r.jsonc", "--max-cost", dollars);
        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Contains($"--max-cost is '{dollars}'; it must be a number of dollars above 0, such as 2.50.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_keeps_the_answers_that_were_under_way()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var recipe = Birds.WriteTo(folder);
        var stages = FakeStages.Create() with
        {
            Teacher = (_, _, _, _) => Task.FromResult<ITeacher>(new StoppingTeacher(stop)),
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
            "birds: 0 stored, 3 to ask, price not known\n1 row cannot be asked about: no gold label, which teacher.rationale 'for-gold' gives (or no input).\n",
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

    private static string[] Chat(TemporaryFolder folder, ChatServer server) =>
    [
        Birds.WriteTo(folder), "--runs", folder["runs"],
        "--set", "teacher.name=chat", "--set", "teacher.model=test", "--set", $"teacher.endpoint={server.Address}",
    ];

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
