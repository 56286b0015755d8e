using CsCheck;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Tests.Annotations;

namespace StepDistill.Tests.Teachers;

public sealed class AnnotationRunTests : IDisposable
{
    private readonly MemoryStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Every_example_is_asked_once_and_stored()
    {
        var teacher = new ScriptedTeacher();
        var counts = await Run(teacher, Examples(1234));
        Assert.Equal(Enumerable.Range(0, 1234).Select(i => $"{i}").Order(), _store.Attempts.Select(one => one.ExampleId).Order());
        Assert.Equal((1234, 0, 1234, 1234), (counts.Examples, counts.Skipped, counts.Asked, counts.Stored));
        Assert.Equal([new(AnnotationStatus.Ok, 1234)], counts.Statuses);
    }

    [Fact]
    public async Task What_is_stored_is_not_asked_again()
    {
        await Run(new ScriptedTeacher(), Examples(600));
        var teacher = new ScriptedTeacher();
        var counts = await Run(teacher, Examples(700));
        Assert.Equal(100, teacher.Asked);
        Assert.Equal((700, 600, 100), (counts.Examples, counts.Skipped, counts.Stored));
    }

    [Theory]
    [InlineData(AnnotationStatus.Ok, false)]
    [InlineData(AnnotationStatus.Unreadable, false)]
    [InlineData(AnnotationStatus.Refused, false)]
    [InlineData(AnnotationStatus.Truncated, false)]
    [InlineData(AnnotationStatus.Failed, true)]
    public async Task Only_failures_are_asked_again_and_only_when_told(AnnotationStatus status, bool again)
    {
        await Run(new ScriptedTeacher { Status = _ => status }, Examples(10));
        var idle = new ScriptedTeacher();
        await Run(idle, Examples(10));
        Assert.Equal(0, idle.Asked);

        var retry = new ScriptedTeacher();
        await Run(retry, Examples(10), new() { RetryFailed = true });
        Assert.Equal(again ? 10 : 0, retry.Asked);
    }

    [Fact]
    public async Task The_same_question_is_asked_once_however_often_it_comes() => await Gen.Int[1, 8].SampleAsync(async concurrency =>
    {
        using var store = new MemoryStore();
        var teacher = new ScriptedTeacher { Key = example => $"{example.Id.GetHashCode(StringComparison.Ordinal) % 40}" };
        var counts = await new AnnotationRun(teacher, store, new() { Concurrency = concurrency }).RunAsync(Examples(2000), Stop);
        Assert.Equal(store.Attempts.Count, store.Attempts.Select(one => one.Key).Distinct().Count());
        Assert.Equal(teacher.Asked, store.Attempts.Count);
        Assert.Equal(2000, counts.Skipped + counts.Stored);
    }, iter: 10);

    [Fact]
    public async Task Rows_without_an_input_are_left_to_teachers_that_need_none()
    {
        var rows = Examples(4).Select((row, i) => i % 2 == 0 ? row with { Input = null } : row);
        Assert.Equal(2, (await Run(new ScriptedTeacher(), rows)).Stored);
        Assert.Equal(2, (await Run(new ScriptedTeacher { NeedsInput = false }, rows)).Stored);
    }

    [Fact]
    public async Task No_more_questions_are_under_way_than_allowed()
    {
        var third = new TaskCompletionSource();
        var teacher = new ScriptedTeacher
        {
            AtOnce = now =>
            {
                if (now == 3)
                {
                    third.TrySetResult();
                }
            },
            Wait = () => third.Task,
        };
        await Run(teacher, Examples(60), new() { Concurrency = 3 });
        Assert.Equal(3, teacher.MostAtOnce);
    }

    [Fact]
    public async Task One_at_a_time_keeps_the_order_of_the_examples()
    {
        await Run(new ScriptedTeacher(), Examples(2500), new() { Concurrency = 1 });
        Assert.Equal(Enumerable.Range(0, 2500).Select(i => $"{i}"), _store.Attempts.Select(one => one.ExampleId));
    }

    [Fact]
    public async Task Examples_are_not_read_far_ahead_of_the_answers()
    {
        var (read, answer) = (0, new TaskCompletionSource());
        var teacher = new ScriptedTeacher { Wait = () => answer.Task };
        var run = Run(teacher, Examples(5000).Select(row =>
        {
            Interlocked.Increment(ref read);
            return row;
        }));
        while (teacher.Asked < 4)
        {
            await Task.Delay(5, Stop);
        }

        await Task.Delay(50, Stop);
        Assert.InRange(Volatile.Read(ref read), 1, 1500);
        answer.SetResult();
        Assert.Equal(5000, (await run).Stored);
    }

    [Fact]
    public async Task A_stop_stores_the_answers_under_way_and_asks_no_more()
    {
        using var stop = new CancellationTokenSource();
        var answer = new TaskCompletionSource();
        var teacher = new ScriptedTeacher { Wait = () => answer.Task };
        var run = new AnnotationRun(teacher, _store, new() { Concurrency = 3 }).RunAsync(Examples(5000), stop.Token);
        while (teacher.Asked < 3)
        {
            await Task.Delay(5, Stop);
        }

        await stop.CancelAsync();
        answer.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(3, teacher.Asked);
        Assert.Equal(3, _store.Attempts.Count);
    }

    [Fact]
    public async Task Answers_that_do_not_come_after_a_stop_are_given_up()
    {
        using var stop = new CancellationTokenSource();
        var teacher = new ScriptedTeacher { Endless = true };
        var run = new AnnotationRun(teacher, _store, new() { Drain = TimeSpan.FromMilliseconds(20) }).RunAsync(Examples(50), stop.Token);
        while (teacher.Asked < 4)
        {
            await Task.Delay(5, Stop);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Empty(_store.Attempts);
    }

    [Fact]
    public async Task A_teacher_that_no_question_can_reach_ends_the_run_with_what_arrived_stored()
    {
        var teacher = new ScriptedTeacher { Fault = id => id == "700" ? new StepDistillException("bad key") : null };
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => Run(teacher, Examples(5000)));
        Assert.Equal("bad key", fault.Message);
        Assert.Equal(teacher.Answered, _store.Attempts.Count);
        Assert.InRange(teacher.Asked, 690, 3000);     // those that others had taken by then may not have been asked
    }

    [Fact]
    public async Task A_faulty_row_ends_the_run_with_what_arrived_stored()
    {
        var teacher = new ScriptedTeacher();
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => Run(teacher, Broken()));
        Assert.Equal("line 901", fault.Message);
        Assert.Equal(teacher.Asked, _store.Attempts.Count);

        static async IAsyncEnumerable<Example> Broken()
        {
            await foreach (var row in Examples(900))
            {
                yield return row;
            }

            throw new StepDistillException("line 901");
        }
    }

    [Fact]
    public async Task A_store_that_fails_ends_the_run_at_once()
    {
        _store.BeforeAdding = stored =>
        {
            if (stored > 500)
            {
                throw new StepDistillException("the disk is full");
            }
        };
        var teacher = new ScriptedTeacher();
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => Run(teacher, Examples(100_000)));
        Assert.Equal("the disk is full", fault.Message);
        Assert.True(teacher.Asked < 20_000, $"{teacher.Asked} questions were asked");
    }

    [Fact]
    public async Task What_a_failing_store_brings_down_is_not_taken_for_the_cause()
    {
        for (var repetition = 0; repetition < 20; repetition++)
        {
            using var store = new MemoryStore { BeforeAdding = _ => throw new StepDistillException("the disk is full") };
            var run = new AnnotationRun(new OnceAnsweringTeacher(), store, new() { Concurrency = OnceAnsweringTeacher.AtOnce });

            // All but one question are under way, and are given up, when the store fails.
            var fault = await Assert.ThrowsAnyAsync<Exception>(() => run.RunAsync(Examples(100), Stop));
            Assert.Equal("the disk is full", fault.Message);
        }
    }

    [Fact]
    public async Task Progress_grows_and_ends_with_the_final_counts()
    {
        var reports = new List<AnnotationProgress>();
        var last = await new AnnotationRun(
            new ScriptedTeacher { Status = id => id.EndsWith('7') ? AnnotationStatus.Unreadable : AnnotationStatus.Ok },
            _store,
            new() { Total = 3000, ReportEvery = TimeSpan.Zero },
            new Heard(reports)).RunAsync(Examples(3000), Stop);
        Assert.True(reports.Count > 3);
        Assert.All(reports.Zip(reports.Skip(1)), pair => Assert.True(pair.First.Stored <= pair.Second.Stored && pair.First.Examples <= pair.Second.Examples));
        Assert.All(reports, report => Assert.Equal(report.Stored, report.Statuses.Values.Sum()));
        Assert.Equal(3000, last.Stored);
        Assert.Equal((2700, 300), (last.Statuses[AnnotationStatus.Ok], last.Statuses[AnnotationStatus.Unreadable]));
        Assert.Equal(30_000, last.Tokens);
        Assert.Equal(TimeSpan.Zero, last.Remaining);
        Assert.Equal(3000, reports[^1].Stored);
    }

    private Task<AnnotationProgress> Run(ITeacher teacher, IAsyncEnumerable<Example> examples, AnnotationRunSettings? settings = null) =>
        new AnnotationRun(teacher, _store, settings).RunAsync(examples, Stop);

    private static async IAsyncEnumerable<Example> Examples(int count)
    {
        await Task.Yield();
        for (var i = 0; i < count; i++)
        {
            yield return new Example { Id = $"{i}", Input = $"input {i}" };
        }
    }

    private sealed class Heard(List<AnnotationProgress> reports) : IProgress<AnnotationProgress>
    {
        public void Report(AnnotationProgress value) => reports.Add(value);
    }

    private sealed class ScriptedTeacher : ITeacher
    {
        private int _asked, _answered, _now, _most;

        public string Name => "scripted";

        public Func<Example, string> Key { get; init; } = example => "key " + example.Id;

        public Func<string, AnnotationStatus> Status { get; init; } = _ => AnnotationStatus.Ok;

        public Func<string, Exception?> Fault { get; init; } = _ => null;

        public Action<int> AtOnce { get; init; } = _ => { };

        public Func<Task> Wait { get; init; } = () => Task.CompletedTask;

        public bool Endless { get; init; }

        public bool NeedsInput { get; init; } = true;

        public int Asked => Volatile.Read(ref _asked);

        public int Answered => Volatile.Read(ref _answered);

        public int MostAtOnce => _most;

        public bool CanAnswer(Example example) => !NeedsInput || example.Input is not null;

        public string KeyOf(Example example) => Key(example);

        public async Task<Annotation> AnswerAsync(Example example, CancellationToken cancellation = default)
        {
            var now = Interlocked.Increment(ref _now);
            lock (this)
            {
                _most = Math.Max(_most, now);
            }

            AtOnce(now);

            Interlocked.Increment(ref _asked);
            await (Endless ? Task.Delay(Timeout.Infinite, cancellation) : Wait());
            Interlocked.Decrement(ref _now);
            if (Fault(example.Id) is { } fault)
            {
                throw fault;
            }

            Interlocked.Increment(ref _answered);
            var status = Status(example.Id);
            return new Annotation
            {
                Key = Key(example), ExampleId = example.Id, Teacher = Name, Status = status, Reply = "reply",
                Label = status == AnnotationStatus.Ok ? "label" : null, InputTokens = 7, OutputTokens = 3,
            };
        }
    }

    /// <summary>Answers one question when others are under way, and those never.</summary>
    private sealed class OnceAnsweringTeacher : ITeacher
    {
        public const int AtOnce = 8;

        private int _asked;

        public string Name => "once";

        public string KeyOf(Example example) => "key " + example.Id;

        public async Task<Annotation> AnswerAsync(Example example, CancellationToken cancellation = default)
        {
            if (Interlocked.Increment(ref _asked) > 1)
            {
                // Unlike a delay, this is given up on the very thread that gives up.
                var never = new TaskCompletionSource();
                using var registration = cancellation.Register(() => never.TrySetCanceled(cancellation));
                await never.Task;
            }

            while (Volatile.Read(ref _asked) < AtOnce)
            {
                await Task.Yield();
            }

            return new Annotation
            {
                Key = KeyOf(example), ExampleId = example.Id, Teacher = Name, Status = AnnotationStatus.Ok, Reply = "reply",
                Label = "label",
            };
        }
    }
}
