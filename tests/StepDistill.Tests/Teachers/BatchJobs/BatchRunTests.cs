using System.Text.Json.Nodes;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.BatchJobs;
using StepDistill.Tests.Annotations;
using Batch = StepDistill.Tests.Teachers.BatchJobs.MemoryBatchService.Batch;

namespace StepDistill.Tests.Teachers.BatchJobs;

public sealed class BatchRunTests : IDisposable
{
    /// <summary>Plans of faults in each part; a plan takes up to forty processes, each killed or stopped in its turn.</summary>
    private const int Seeds = 12;

    private static readonly TaskSpec Mood = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private readonly string _folder = Directory.CreateTempSubdirectory("stepdistill-").FullName;
    private readonly HastyTime _time = new();
    private readonly MemoryStore _store = new();
    private readonly MemoryBatchService _service = new();
    private readonly ChatTeacher _teacher;
    private BatchLedger _ledger;
    private BatchRunSettings _settings;

    public BatchRunTests()
    {
        _service.Time = _time;
        _teacher = new ChatTeacher(
            Mood, new ChatTeacherSettings { Endpoint = "server", Model = "m", Format = "plain" }, [],
            () => throw new InvalidOperationException("nobody is asked online"), time: _time);
        _ledger = BatchLedger.Open(Path.Combine(_folder, "batches.sqlite"));
        _settings = new BatchRunSettings
        {
            Server = "server", InputPath = Path.Combine(_folder, "requests.jsonl"), LongestLook = TimeSpan.FromMinutes(1), Wait = true,
        };
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _ledger.Dispose();
        _teacher.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_answer_from_a_batch_is_the_annotation_that_it_would_have_been_online()
    {
        var end = await RunAsync(1);

        var annotation = Assert.Single(_store.Attempts);
        Assert.Equal(_teacher.KeyOf(Rows(1)[0]), annotation.Key);
        Assert.Equal(
            ("0", "m", AnnotationStatus.Ok, "good", "Because.", "Because.\nAnswer: good"),
            (annotation.ExampleId, annotation.Teacher, annotation.Status, annotation.Label, annotation.Rationale, annotation.Reply));
        Assert.Equal((7L, 3L), (annotation.InputTokens, annotation.OutputTokens));
        Assert.Equal((1L, 1L, 1L), (end.Submitted, end.Batches, end.Statuses[AnnotationStatus.Ok]));
        Assert.Equal(0, _ledger.Questions);
        Assert.False(File.Exists(_settings.InputPath));
    }

    [Fact]
    public async Task Without_waiting_what_is_open_is_left_and_collected_later()
    {
        _settings = _settings with { Wait = false };
        _service.Work = _ => { };
        var first = await RunAsync(3);
        var second = await RunAsync(3);
        _service.Work = batch => batch.Complete();
        var third = await RunAsync(3);

        Assert.Equal((3L, 0L, 0L), (first.Submitted, second.Submitted, third.Submitted));
        Assert.Equal((3L, 3L, 0L), (first.Waiting, second.Waiting, third.Waiting));
        Assert.Equal(3, _store.Attempts.Count);
        Assert.Single(_service.Batches);
    }

    [Fact]
    public async Task Many_rows_become_several_batches_and_equal_rows_one_question()
    {
        _settings = _settings with { Limits = new BatchLimits { Requests = 4 } };

        var end = await RunAsync([.. Rows(10), .. Rows(10), .. Rows(10).Select(row => row with { Id = "other" + row.Id })]);

        Assert.Equal([4, 4, 2], _service.Batches.Select(batch => batch.Keys.Count));
        Assert.Equal((10L, 3L), (end.Submitted, end.Batches));
        Assert.Equal(10, _store.Attempts.Count);
        Assert.All(_service.Paid.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task No_more_tokens_wait_than_the_account_allows()
    {
        _settings = _settings with { Limits = new BatchLimits { Requests = 2, EnqueuedTokens = 1000 } };
        var most = 0L;
        _service.Interfere = (name, isAfter) => most = name == "find"
            ? Math.Max(most, _ledger.OpenBatches("server").Sum(batch => batch.Tokens)) : most;

        var end = await RunAsync(20);

        Assert.Equal((20L, 0L), (end.Submitted, end.Left));
        Assert.InRange(most, 1, 1000);
        Assert.Equal(20, _store.Attempts.Count);
    }

    [Fact]
    public async Task A_question_that_alone_passes_the_limit_goes_alone()
    {
        _settings = _settings with { Limits = new BatchLimits { EnqueuedTokens = 1 } };

        await RunAsync(2);

        Assert.Equal([1, 1], _service.Batches.Select(batch => batch.Keys.Count));
    }

    [Fact]
    public async Task An_expired_batch_gives_what_it_has_and_the_rest_is_asked_again()
    {
        _service.Work = batch =>
        {
            if (_service.Batches.Count > 1)
            {
                batch.Complete();
                return;
            }

            batch.End(
                BatchState.Expired,
                batch.Keys.Take(2).Select(key => batch.Answer(key)),
                batch.Keys.Skip(2).Take(1).Select(key => Batch.Refusal(key, "batch_expired")));     // and nothing about the other two
        };

        var end = await RunAsync(5);

        Assert.Equal([5, 3], _service.Batches.Select(batch => batch.Keys.Count));
        Assert.Equal((3L, 5), (end.Unasked, _store.Attempts.Count));
        Assert.All(_service.Paid.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task Repeated_reordered_unknown_and_torn_lines_do_no_harm()
    {
        _service.Work = batch => batch.End(
            BatchState.Completed,
            [
                .. batch.Keys.Reverse().Select(key => batch.Answer(key)),
                Batch.Line(batch.Keys[0], 200, new JsonObject { ["text"] = "Answer: bad" }),
                Batch.Line(new string('0', 64), 200, new JsonObject { ["text"] = "Answer: bad" }),
                "{\"custom_id\":", "garbage",
            ],
            [Batch.Line(batch.Keys[1], 500, null)]);

        var end = await RunAsync(4);

        Assert.Equal((2L, 1L, 2L), (end.Repeated, end.Unknown, end.Garbage));
        Assert.Equal(4, _store.Attempts.Count);
        Assert.All(_store.Attempts, one => Assert.Equal("good", one.Label));
    }

    [Fact]
    public async Task A_failed_line_is_a_failure_and_asked_again_on_the_users_word_only()
    {
        _service.Work = batch => batch.End(
            BatchState.Completed,
            batch.Keys.Skip(1).Select(key => batch.Answer(key)),
            [Batch.Line(batch.Keys[0], 400, JsonNode.Parse("""{"error":{"message":"too long"}}"""))]);
        await RunAsync(3);
        Assert.Equal("The service answered 400: too long.", Assert.Single(_store.Attempts, one => one.Status == AnnotationStatus.Failed).Fault);

        await RunAsync(3);
        Assert.Single(_service.Batches);

        _time.Pass(TimeSpan.FromSeconds(1));
        _settings = _settings with { RetryFailed = true };
        await RunAsync(3);

        Assert.Equal([3, 1], _service.Batches.Select(batch => batch.Keys.Count));       // once: it fails again, and is not asked for ever
        Assert.Equal(2, _store.Attempts.Count(one => one.Status == AnnotationStatus.Failed));
    }

    [Fact]
    public async Task An_answer_that_its_file_does_not_hold_is_not_bought_again_unasked()
    {
        _service.Work = batch => batch.End(BatchState.Completed, batch.Keys.Take(2).Select(key => batch.Answer(key)), []);

        await RunAsync(3);
        await RunAsync(3);

        Assert.Single(_service.Batches);
        var lost = Assert.Single(_store.Attempts, one => one.Status == AnnotationStatus.Failed);
        Assert.Equal("The answer is not in the files of the batch batch-0, although the batch is completed.", lost.Fault);
    }

    [Fact]
    public async Task An_answer_that_was_stored_by_a_killed_process_is_not_stored_again()
    {
        _service.Work = batch => batch.End(BatchState.Completed, [], [Batch.Line(batch.Keys[0], 500, null)]);
        _store.BeforeAdding = _ => _ledger.Dispose();       // so that the question cannot leave the ledger
        await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(1));
        _store.BeforeAdding = null;
        _ledger = BatchLedger.Open(Path.Combine(_folder, "batches.sqlite"));
        Assert.Equal((1, 1L), (_store.Attempts.Count, _ledger.Questions));

        await RunAsync(1);

        Assert.Equal((1, 0L), (_store.Attempts.Count, _ledger.Questions));
    }

    [Fact]
    public async Task A_reply_that_is_no_completion_keeps_its_text()
    {
        _service.Work = batch => batch.End(BatchState.Completed, [Batch.Line(batch.Keys[0], 200, new JsonObject { ["odd"] = 1 })], []);

        await RunAsync(1);

        var one = Assert.Single(_store.Attempts);
        Assert.Equal((AnnotationStatus.Failed, """{"odd":1}"""), (one.Status, one.Reply));
        Assert.StartsWith("The reply is no chat completion: ", one.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_batch_is_told_and_not_submitted_over_and_over()
    {
        _service.Work = batch => batch.Job = batch.Job with { State = BatchState.Failed, Errors = ["Not JSON (line 3)"] };

        var end = await RunAsync(3);

        Assert.Equal(
            "The service refused the batch batch-0 of 3 questions: Not JSON (line 3). Nothing of it was asked. Mend the cause, then run "
            + "the same command again: its questions go into a new batch.",
            Assert.Single(end.Faults));
        Assert.Single(_service.Batches);
        Assert.Equal((3L, 0L), (end.Left, _ledger.Questions));
    }

    [Fact]
    public async Task Over_the_accounts_limit_waits_for_the_others()
    {
        _settings = _settings with { Limits = new BatchLimits { Requests = 2 } };
        var looks = 0;
        _service.Work = batch =>
        {
            var waiting = _service.Batches.Count(one => one.Job.State is BatchState.Validating);
            if (batch == _service.Batches[1])
            {
                batch.Job = batch.Job with { State = BatchState.Failed, IsOverTokenLimit = true };
            }
            else if (++looks > 2 || waiting == 1)
            {
                batch.Complete();
            }
        };

        var end = await RunAsync(4);

        Assert.Empty(end.Faults);
        Assert.Equal([2, 2, 2], _service.Batches.Select(batch => batch.Keys.Count));
        Assert.Equal(4, _store.Attempts.Count);
    }

    [Fact]
    public async Task A_batch_that_brings_nothing_ends_the_run()
    {
        _service.Work = batch => batch.End(BatchState.Cancelled, [], []);

        var end = await RunAsync(2);

        Assert.StartsWith("The batch batch-0 of 2 questions is cancelled, and none of them was answered.", Assert.Single(end.Faults), StringComparison.Ordinal);
        Assert.Single(_service.Batches);
    }

    [Fact]
    public async Task A_batch_that_was_accepted_without_a_reply_is_found_by_its_tag()
    {
        var cuts = 1;
        _service.Interfere = (name, isAfter) =>
        {
            if (name == "create" && isAfter && cuts-- > 0)
            {
                throw new HttpRequestException("cut");
            }
        };

        await RunAsync(3);

        Assert.Single(_service.Batches);
        Assert.Equal(3, _store.Attempts.Count);
    }

    [Fact]
    public async Task A_service_that_has_not_accepted_is_asked_again_after_its_list_had_time()
    {
        var cuts = 1;
        _service.Interfere = (name, isAfter) =>
        {
            if (name == "create" && !isAfter && cuts-- > 0)
            {
                throw new HttpRequestException("cut");
            }
        };
        var before = _time.GetUtcNow();

        await RunAsync(3);

        Assert.Single(_service.Batches);
        Assert.True(_service.Batches[0].Job.Created - before >= _settings.Settling);
    }

    [Fact]
    public async Task A_refused_credential_leaves_nothing_behind()
    {
        _service.Interfere = (name, _) => throw new HttpRequestException("secret-1", null, System.Net.HttpStatusCode.Unauthorized);

        var fault = await Assert.ThrowsAsync<StepDistillException>(() => RunAsync(3));

        Assert.Contains("refuses the credential (401)", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-1", fault.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, _ledger.Questions);
    }

    [Fact]
    public async Task Another_prompt_leaves_answers_for_those_who_asked()
    {
        _settings = _settings with { Wait = false };
        await RunAsync(3);
        using var other = new ChatTeacher(
            Mood, new ChatTeacherSettings { Endpoint = "server", Model = "m", Format = "plain", Temperature = 1 }, [], () => null!, time: _time);

        var end = await RunAsync(Rows(3), other);
        var back = await RunAsync(3);

        Assert.Equal((3L, 3L, 0), (end.Unclaimed, end.Submitted, end.Statuses.Count));
        Assert.Equal(3, back.Statuses[AnnotationStatus.Ok]);
    }

    /// <summary>Faults and kills at random moments: the service's own count shows that nothing was bought twice.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_happens_each_row_is_bought_once_and_ends_with_its_answer(int part)
    {
        for (var seed = part * Seeds; seed < (part + 1) * Seeds; seed++)
        {
            var chance = new Random(seed);
            var (folder, store, service) = (Path.Combine(_folder, $"{seed}"), new MemoryStore(), new MemoryBatchService { Time = _time });
            var settings = _settings with
            {
                InputPath = Path.Combine(folder, "requests.jsonl"),
                Limits = new BatchLimits { Requests = chance.Next(1, 8), EnqueuedTokens = chance.Next(2) == 0 ? null : 2000 },
                Wait = chance.Next(2) == 0,
            };
            service.Work = batch => Work(batch, chance);
            for (var round = 0; ; round++)
            {
                Assert.True(round < 300, $"seed {seed} comes to no end");
                var isCalm = round > 40;
                using var ledger = BatchLedger.Open(Path.Combine(folder, "batches.sqlite"));
                service.Interfere = (name, isAfter) => Interfere(ledger, isCalm, chance);
                store.BeforeAdding = _ =>
                {
                    if (!isCalm && chance.Next(20) == 0)
                    {
                        ledger.Dispose();
                        throw new Killed();
                    }
                };
                try
                {
                    var end = await new BatchRun(_teacher, store, ledger, service, settings, time: _time).RunAsync(
                        () => Rows(20).ToAsyncEnumerable(), Stop);
                    if (end.Open.Count == 0 && end.Left == 0 && end.Submitted == 0)
                    {
                        Assert.Equal(0, ledger.Questions);
                        break;
                    }
                }
                catch (Exception e) when (e is StepDistillException or InvalidOperationException or ObjectDisposedException or NullReferenceException)
                {
                    // Killed, or the service was away for too long.
                }
            }

            foreach (var batch in service.Batches.Where(one => !one.Job.State.IsEnd()))
            {
                batch.Complete();       // a batch that we do not know of is answered, and paid, all the same
            }

            Assert.Equal(20, store.Attempts.Select(one => one.Key).Distinct().Count());
            Assert.Equal(20, store.Attempts.Count);
            Assert.All(store.Attempts, one => Assert.Equal("good", one.Label));
            Assert.Equal(20, service.Paid.Count);
            Assert.All(service.Paid, one => Assert.True(one.Value == 1, $"seed {seed}: {one.Key} was bought {one.Value} times"));
        }
    }

    private static void Work(Batch batch, Random chance)
    {
        var keys = batch.Keys.ToArray();
        chance.Shuffle(keys);
        switch (chance.Next(6))
        {
            case 0:
                batch.Job = batch.Job with { State = BatchState.InProgress };
                break;
            case 1:
                var answered = keys.Take(chance.Next(keys.Length + 1)).ToList();
                batch.End(
                    chance.Next(2) == 0 ? BatchState.Expired : BatchState.Cancelled,
                    [.. answered.Select(key => batch.Answer(key))],
                    [.. keys.Except(answered).Where(_ => chance.Next(2) == 0).Select(key => Batch.Refusal(key, "batch_expired"))]);
                break;
            case 2:
                batch.Job = batch.Job with { State = BatchState.Failed, IsOverTokenLimit = chance.Next(2) == 0 };
                break;
            case 3:
                List<string> lines = [.. keys.Select(key => batch.Answer(key))];
                batch.End(BatchState.Completed, [.. lines, "{\"torn", .. lines.Take(2), Batch.Line(new string('f', 64), 200, new JsonObject())], []);
                break;
            default:
                batch.Complete();
                break;
        }
    }

    private static void Interfere(BatchLedger ledger, bool isCalm, Random chance)
    {
        switch (isCalm ? 99 : chance.Next(30))
        {
            case 0:
                ledger.Dispose();       // a killed process writes nothing any more
                throw new Killed();
            case 1:
                throw new HttpRequestException("cut");
            case 2:
                throw new HttpRequestException("busy", null, System.Net.HttpStatusCode.ServiceUnavailable);
            case 3:
                throw new IOException("torn");
        }
    }

    private static List<Example> Rows(int count) =>
        [.. Enumerable.Range(0, count).Select(number => new Example { Id = $"{number}", Input = $"Row {number}" })];

    private Task<BatchProgress> RunAsync(int rows) => RunAsync(Rows(rows));

    private Task<BatchProgress> RunAsync(List<Example> rows, ChatTeacher? teacher = null) =>
        new BatchRun(teacher ?? _teacher, _store, _ledger, _service, _settings, time: _time).RunAsync(() => rows.ToAsyncEnumerable(), Stop);

    private sealed class Killed() : StepDistillException("killed");
}
