using System.Diagnostics;
using System.Globalization;
using StepDistill.Annotations;
using StepDistill.Cli.Teachers;
using StepDistill.FaultServer;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Requests;

namespace StepDistill.Cli.Tests.Teachers;

/// <summary>Asking a server that misbehaves: every row ends with one answer or a true reason, and none is paid for twice.</summary>
public sealed partial class TeacherClientsTests
{
    private const int Rows = 40;

    private static readonly TaskSpec Mood = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    /// <summary>Waits that a test can wait for.</summary>
    private static readonly ChatRetries Hasty = new()
    {
        FirstWait = TimeSpan.FromMilliseconds(20), LongestWait = TimeSpan.FromMilliseconds(200),
        CreditWait = TimeSpan.FromMilliseconds(50), Timeout = TimeSpan.FromSeconds(30), Attempts = 8,
    };

    [Theory]
    [InlineData(Fault.TooMany)]
    [InlineData(Fault.TooManyForNow)]
    [InlineData(Fault.ServerError)]
    [InlineData(Fault.Unavailable)]
    [InlineData(Fault.Reset)]
    [InlineData(Fault.Silence)]
    [InlineData(Fault.Drip)]
    [InlineData(Fault.HalfJson)]
    [InlineData(Fault.WrongType)]
    [InlineData(Fault.Twice)]
    [InlineData(Fault.NoCredit)]
    public async Task What_passes_is_waited_for_and_every_row_is_paid_for_once(Fault fault)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ChatFaultServer.StartAsync(Answer, (_, number) => number == 1 ? fault : Fault.None);
        using var store = SqliteAnnotationStore.Open(folder["annotations.sqlite"]);

        // Forty at once, so that a server's silence is waited out but once.
        var end = await AnnotateAsync(server, store, Rows, concurrency: Rows, timeout: fault == Fault.Silence ? TimeSpan.FromSeconds(4) : null);

        Assert.Equal((Rows, Rows), (end.Stored, end.Statuses[AnnotationStatus.Ok]));
        Assert.Equal(Rows, await store.ReadAsync(TestContext.Current.CancellationToken).CountAsync(TestContext.Current.CancellationToken));
        Assert.Equal(Rows, server.Paid.Count);
        Assert.All(server.Paid.Values, paid => Assert.Equal(1, paid));
        Assert.Null(end.Paused);
    }

    [Theory]
    [InlineData(Fault.Length, AnnotationStatus.Truncated)]
    [InlineData(Fault.Filtered, AnnotationStatus.Refused)]
    public async Task What_does_not_pass_is_a_reason_and_is_not_asked_again(Fault fault, AnnotationStatus status)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ChatFaultServer.StartAsync(Answer, (_, _) => fault);
        using var store = SqliteAnnotationStore.Open(folder["annotations.sqlite"]);

        var end = await AnnotateAsync(server, store, Rows);
        await AnnotateAsync(server, store, Rows);

        Assert.Equal(Rows, end.Statuses[status]);
        Assert.Equal(Rows, server.Seen.Count);
    }

    [Fact]
    public async Task A_key_that_is_taken_away_ends_the_run_and_a_new_one_goes_on_with_it()
    {
        using var folder = new TemporaryFolder();
        var valid = 25;
        await using var server = await ChatFaultServer.StartAsync(
            Answer, (_, _) => Interlocked.Decrement(ref valid) >= 0 ? Fault.None : Fault.Unauthorized);
        using var store = SqliteAnnotationStore.Open(folder["annotations.sqlite"]);

        var fault = await Assert.ThrowsAsync<StepDistillException>(() => AnnotateAsync(server, store, Rows));
        var stored = await store.ReadAsync(TestContext.Current.CancellationToken).CountAsync(TestContext.Current.CancellationToken);
        valid = int.MaxValue;
        await AnnotateAsync(server, store, Rows);

        Assert.Contains("refuses the credential (401)", fault.Message, StringComparison.Ordinal);
        Assert.Equal(25, stored);
        Assert.Equal(Rows, server.Paid.Count);
        Assert.All(server.Paid.Values, paid => Assert.Equal(1, paid));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_comes_in_whatever_order_each_row_ends_with_one_answer_or_a_true_reason(int seed)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ChatFaultServer.StartAsync(Answer, (question, number) => Drawn(seed, question, number));
        server.Latency = TimeSpan.FromMilliseconds(5);
        using var store = SqliteAnnotationStore.Open(folder["annotations.sqlite"]);

        var end = await AnnotateAsync(server, store, 200);
        var kept = await store.ReadAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal((200, 200), (end.Stored, kept.Count));
        Assert.Equal(200, kept.DistinctBy(one => one.ExampleId).Count());
        foreach (var one in kept)
        {
            var question = QuestionOf(one.ExampleId);
            var faults = server.Seen.Where(seen => seen.Question == question).Select(seen => seen.Fault).ToList();
            Assert.Equal(StatusAfter(faults), one.Status);
            Assert.True(server.Paid.GetValueOrDefault(question) == (one.Status == AnnotationStatus.Failed ? 0 : 1), $"{question} {string.Join(",", faults)}");
        }
    }

    [Fact]
    public async Task Limits_that_change_under_way_are_learnt_from_headers()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ChatFaultServer.StartAsync(Answer);
        (server.TellsLimits, server.Limits) = (true, (1_000, 1_000_000));
        using var store = SqliteAnnotationStore.Open(folder["annotations.sqlite"]);
        using var stop = new CancellationTokenSource();

        var run = AnnotateAsync(server, store, 400, concurrency: 1, stop: stop.Token);
        await WaitUntil(() => server.Seen.Count >= 20);
        server.Limits = (60, 1_000_000);
        await WaitUntil(() => server.Seen.Count >= 60);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        var seen = server.Seen.Count;
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.InRange(seen, 60, 61);       // one may have been on its way when the news came
    }

    /// <summary>Slow on purpose, so not in every run of the tests: a limit is a matter of minutes.</summary>
    [Fact(Explicit = true)]
    public async Task A_real_minute_never_holds_more_than_the_limits()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ChatFaultServer.StartAsync(Answer);
        server.Latency = TimeSpan.FromMilliseconds(300);
        using var store = SqliteAnnotationStore.Open(folder["annotations.sqlite"]);
        const int PerMinute = 150, TokensPerMinute = 12_000;
        var watch = Stopwatch.StartNew();

        await AnnotateAsync(server, store, 400, new(PerMinute, TokensPerMinute), concurrency: 32);

        var (requests, tokens) = server.Busiest();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{watch.Elapsed.TotalSeconds:F0} s; the busiest minute held {requests} requests of {PerMinute} and {tokens} tokens of {TokensPerMinute}");
        Assert.InRange(requests, 0.5 * PerMinute, PerMinute);
        Assert.True(tokens <= TokensPerMinute);
    }

    private static async Task<AnnotationProgress> AnnotateAsync(
        ChatFaultServer server, IAnnotationStore store, int rows, RateLimits? limits = null, int concurrency = 16, TimeSpan? timeout = null,
        CancellationToken? stop = null)
    {
        var section = new TeacherSection { Name = "chat", Model = "test", Endpoint = server.Address };
        using var gate = new RequestGate(limits);
        using var teacher = await ChatTeacher.OpenAsync(
            Mood, section, () => TeacherClients.Connect(section, TeacherClients.Http(gate)), TeacherClients.Explain, gate: gate,
            retries: Hasty with { Timeout = timeout ?? Hasty.Timeout }, cancellation: TestContext.Current.CancellationToken);
        var settings = new AnnotationRunSettings { Concurrency = concurrency };
        return await new AnnotationRun(teacher, store, settings).RunAsync(
            Enumerable.Range(0, rows).Select(row => new Example { Id = $"{row}", Input = QuestionOf($"{row}") }).ToAsyncEnumerable(),
            stop ?? TestContext.Current.CancellationToken);
    }

    private static string QuestionOf(string id) => $"What is the mood of row {id}?";

    private static string Answer(string question) => $"So says {question.Length}.\nAnswer: good";

    /// <summary>Half of the requests meet a fault, drawn from the seed, the question, and how often it was asked.</summary>
    private static Fault Drawn(int seed, string question, int number)
    {
        var hash = Convert.ToUInt32(Files.ContentHash.Of([$"{seed}", question, $"{number}"])[..8], 16);
        Fault[] faults =
        [
            Fault.TooMany, Fault.ServerError, Fault.Unavailable, Fault.Reset, Fault.Drip, Fault.HalfJson, Fault.WrongType, Fault.Twice,
            Fault.Length, Fault.Filtered, Fault.NoCredit, Fault.TooManyForNow,
        ];
        return hash % 2 == 0 ? Fault.None : faults[(hash / 2) % faults.Length];
    }

    /// <summary>What a row must have become after what the server did to it: the last word counts.</summary>
    private static AnnotationStatus StatusAfter(List<Fault> faults) => faults[^1] switch
    {
        Fault.None or Fault.Drip => AnnotationStatus.Ok,
        Fault.Length => AnnotationStatus.Truncated,
        Fault.Filtered => AnnotationStatus.Refused,
        _ => AnnotationStatus.Failed,
    };

    private static async Task WaitUntil(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), string.Create(CultureInfo.InvariantCulture, $"It did not happen in {watch.Elapsed}."));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
