using System.Text.Json.Nodes;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class BatchWordsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BatchServer _server = new();

    private static StageSet Stages => FakeStages.Create() with { Clock = new EagerTime() };

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Batches_are_submitted_left_alone_by_the_online_way_and_collected()
    {
        _server.IsQuick = false;
        var first = await Annotate("--batch");
        var online = await Annotate();
        _server.IsQuick = true;
        var last = await Annotate("--batch", "--wait");
        var stats = await Run.Verb(new AnnotationsStatsVerb(Stages), [.. Words(), "--json"]);

        Assert.Equal(
            "birds: 0 stored, 4 to ask, price not known\nSubmitted 4 in 1 batch.\nbatch-0: validating, 0 of 4 answered, 0 failed, until 2096-10-03 07:06 UTC\n",
            first.Output[..first.Output.IndexOf("Next:", StringComparison.Ordinal)]);
        Assert.Contains("--wait waits for it", first.Output, StringComparison.Ordinal);
        Assert.Equal("birds: 0 stored, 4 in batches, 0 to ask\n", online.Output);
        Assert.StartsWith("4 questions are in batches and are not asked online; ", online.Error, StringComparison.Ordinal);
        Assert.Contains("Collected 4: 4 readable.\n1 answers were repetitions, of which the first counts.\nNext: stepdistill annotations stats ", last.Output, StringComparison.Ordinal);
        Assert.Equal(3, stats.Json["splits"]!["train"]!["correct"]!.GetValue<long>());
        Assert.DoesNotContain("POST /v1/chat/completions", _server.Calls);
        Assert.Equal(4, _server.Paid.Count);
    }

    [Fact]
    public async Task A_batch_holds_the_requests_of_the_online_way_and_its_answers_are_the_same()
    {
        await Annotate("--batch", "--wait");
        var (batched, answers) = (_server.Questions.ToList(), await ExportAsync("runs"));
        _server.Questions.Clear();
        var online = await Run.Verb(new AnnotateVerb(Stages), [.. Words("others"), "--set", "teacher.concurrency=1"]);

        Assert.Equal(ExitCode.Success, online.Code);
        Assert.Equal(4, batched.Count);
        Assert.Equal(
            _server.Questions.Select(one => one.ToJsonString()).Order(StringComparer.Ordinal),
            batched.Select(one => one.ToJsonString()).Order(StringComparer.Ordinal));
        Assert.Equal(await ExportAsync("others"), answers);
    }

    [Fact]
    public async Task Faults_on_every_way_cost_waits_but_nothing_twice()
    {
        _server.Faults["POST /v1/files"] = new([new(429), new(500), new(null), new(null, IsDone: true)]);
        _server.Faults["POST /v1/batches"] = new([new(429), new(503), new(null, IsDone: true)]);
        _server.Faults["GET /v1/batches"] = new([new(500)]);
        _server.Faults["GET /v1/batches/*"] = new([new(502), new(null)]);
        _server.Faults["GET /v1/files/*/content"] = new([new(429), new(null, IsDone: true)]);

        var run = await Annotate("--batch", "--wait", "--json", "--set", "teacher.batch_requests=2");

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal((4, 4), (run.Json["submitted"]!.GetValue<int>(), run.Json["statuses"]!["ok"]!.GetValue<int>()));
        Assert.All(_server.Faults.Values, Assert.Empty);
        Assert.Equal([1, 1, 1, 1], _server.Paid.Values);
    }

    [Fact]
    public async Task Stopping_leaves_batches_at_the_server_and_says_how_to_go_on()
    {
        using var stop = new CancellationTokenSource();
        _server.IsQuick = false;
        _server.Looked = stop.Cancel;

        var stopped = await Run.Verb(new AnnotateVerb(Stages), stop.Token, [.. Words(), "--batch", "--wait"]);
        (_server.IsQuick, _server.Looked) = (true, () => { });
        var rest = await Annotate("--batch", "--json");

        Assert.Equal(ExitCode.Stopped, stopped.Code);
        Assert.Contains("1 batch with 4 questions stay open at the server; stepdistill annotate ", stopped.Error, StringComparison.Ordinal);
        Assert.Equal((0, 4), (rest.Json["submitted"]!.GetValue<int>(), rest.Json["statuses"]!["ok"]!.GetValue<int>()));
        Assert.Equal([1, 1, 1, 1], _server.Paid.Values);
    }

    [Fact]
    public async Task A_refused_batch_is_a_failure_with_its_reason()
    {
        _server.Faults["POST /v1/batches"] = new([new(400)]);

        var run = await Annotate("--batch");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("refuses what it was asked for. It answered 400", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_batches_is_told_from_a_broken_one()
    {
        _server.Faults["POST /v1/files"] = new([new(404)]);

        var run = await Annotate("--batch");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("it has no batch interface (then leave out --batch)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_openais_interface_takes_batches()
    {
        var recorded = await Run.Verb(new AnnotateVerb(Stages), Birds.WriteTo(_folder), "--runs", _folder["runs"], "--batch");
        var ollama = await Annotate("--batch", "--set", "teacher.provider=ollama");
        var alone = await Run.Words(Stages, TestContext.Current.CancellationToken, ["annotate", .. Words(), "--wait"]);

        Assert.Contains("the recipe says teacher.name 'recorded'", recorded.Error, StringComparison.Ordinal);
        Assert.Contains("the recipe says teacher.provider 'ollama'", ollama.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.WrongUsage, alone.Code);
        Assert.Contains("--wait goes with --batch only", alone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_submits_nothing()
    {
        var run = await Annotate("--batch", "--dry-run");

        Assert.Equal("birds: 0 stored, 4 to ask, price not known\n", run.Output);
        Assert.Empty(_server.Calls);
    }

    private Task<Run> Annotate(params string[] more) => Run.Verb(new AnnotateVerb(Stages), [.. Words(), .. more]);

    private string[] Words(string runs = "runs") =>
    [
        Birds.WriteTo(_folder), "--runs", _folder[runs],
        "--set", "teacher.name=chat", "--set", "teacher.model=test", "--set", $"teacher.endpoint={_server.Address}",
    ];

    /// <summary>The stored answers, but for when they came.</summary>
    private async Task<List<string>> ExportAsync(string runs)
    {
        var file = _folder[$"{runs}.jsonl"];
        var words = Words(runs);
        var run = await Run.Verb(new AnnotationsExportVerb(), [words[0], file, .. words[1..]]);
        Assert.Equal(ExitCode.Success, run.Code);
        return [.. File.ReadLines(file).Select(line =>
        {
            var annotation = JsonNode.Parse(line)!.AsObject();
            foreach (var name in annotation.Select(pair => pair.Key).Where(name => name is "at" or "latency" or "latency_ms" or "seconds").ToList())
            {
                annotation.Remove(name);
            }

            return annotation.ToJsonString();
        }).Order(StringComparer.Ordinal)];
    }

    /// <summary>A clock on which every wait is over at once.</summary>
    private sealed class EagerTime : TimeProvider
    {
        private long _now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).Ticks;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _now), TimeSpan.Zero);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Add(ref _now, Math.Max(0, dueTime.Ticks));
            return System.CreateTimer(callback, state, TimeSpan.FromMilliseconds(1), period);
        }
    }
}
