using System.Text.RegularExpressions;
using CsCheck;
using StepDistill.Runs;

namespace StepDistill.Tests.Runs;

public sealed partial class RunLogTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _files = new();
    private readonly string _path;

    public RunLogTests() => _path = _files["events.jsonl"];

    public void Dispose() => _files.Dispose();

    [Fact]
    public void A_line_is_an_event_with_time_and_step()
    {
        using (var log = RunLog.Create(_path, new SteppingClock(Noon)))
        {
            log.Append(new StepTaken(1.5, 2, 0.25, 1e-3) { Step = 7, RationaleLoss = 1 });
            log.Append(new StepTaken(double.NaN, 2, double.PositiveInfinity, 1e-3) { Step = 8 });
        }

        Assert.Equal(
            """
            {"event":"step","at":"2026-05-01T12:00:01+00:00","step":7,"loss":1.5,"label_loss":2,"gradient_norm":0.25,"learning_rate":0.001,"rationale_loss":1}
            {"event":"step","at":"2026-05-01T12:00:02+00:00","step":8,"loss":"NaN","label_loss":2,"gradient_norm":"Infinity","learning_rate":0.001}

            """,
            File.ReadAllText(_path));
    }

    [Fact]
    public void Every_kind_of_event_reads_back_the_same()
    {
        RunEvent[] all =
        [
            new RunStarted("abc", "finetune-1-seed0", 10, 100, 1_000_000) { At = Noon },
            new Planned(4096, true, 1_000_000, 2_000_000) { At = Noon },
            new StepTaken(1, 2, 3, 4) { At = Noon, Step = 1, RationaleLoss = 5, ExamplesPerSecond = 6, TokensPerSecond = 7 },
            new CheckpointWritten { At = Noon, Step = 1 },
            new Resumed { At = Noon, Step = 1 },
            new StoppedEarly(1, 0.5) { At = Noon, Step = 2 },
            new Finished(1, 0.5, 60) { At = Noon, Step = 2 },
            new Failed("The loss is not a number.") { At = Noon, Step = 2 },
        ];
        using (var log = RunLog.Create(_path, new StoppedClock(Noon)))
        {
            Array.ForEach(all, log.Append);
            log.Append(new Evaluated(0.5, true, new Dictionary<string, double> { ["accuracy"] = 0.5 }));
        }

        var read = RunLog.Read(_path).ToList();

        Assert.Equal(all, read[..^1]);
        var look = Assert.IsType<Evaluated>(read[^1]);
        Assert.Equal((0.5, true, 0.5), (look.Score, look.IsBest, look.Metrics["accuracy"]));
        Assert.Equal(typeof(RunEvent).Assembly.GetTypes().Count(type => type.BaseType == typeof(RunEvent)), all.Length + 1);
    }

    [Fact]
    public void A_torn_last_line_is_passed_over()
    {
        Write(steps: 3);
        var whole = File.ReadAllBytes(_path);
        var events = RunLog.Read(_path).ToList();
        var lastLine = whole.AsSpan()[..^1].LastIndexOf((byte)'\n') + 1;

        for (var cut = lastLine; cut < whole.Length - 1; cut++)
        {
            File.WriteAllBytes(_path, whole[..cut]);
            Assert.Equal(events.Count - 1, RunLog.Read(_path).Count());
        }
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"event":"unheard_of","step":1}""")]
    [InlineData("""{"event":"step","step":1}""")]
    public void A_line_in_the_middle_that_is_no_event_is_named(string line)
    {
        Write(steps: 1);
        var lines = File.ReadAllLines(_path);
        File.WriteAllLines(_path, [lines[0], line, .. lines[1..]]);

        var fault = Assert.Throws<StepDistillException>(() => RunLog.Read(_path).Count());

        Assert.StartsWith($"{_path}, line 2: this is not an event of a run", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_bytes_make_the_reader_fail_without_a_message() => Gen.Byte.Array[0, 200].Sample(
        bytes =>
        {
            var path = Path.Combine(_files.Path, $"{Environment.CurrentManagedThreadId}.jsonl");
            File.WriteAllBytes(path, bytes);
            try
            {
                _ = RunLog.Read(path).Count();
            }
            catch (StepDistillException)
            {
                // the one way to refuse
            }
        },
        iter: 500);

    [Fact]
    public void A_log_that_was_killed_anywhere_and_resumed_is_that_of_an_uninterrupted_run()
    {
        Write(steps: 9);
        var whole = File.ReadAllText(_path);
        for (var cut = 0; cut <= whole.Length; cut += 23)
        {
            File.WriteAllText(_path, whole[..cut]);
            var step = RunLog.Read(_path).LastOrDefault(happened => happened is CheckpointWritten)?.Step ?? 0;
            Write(steps: 9, after: step);

            var lines = Without(File.ReadAllText(_path));
            Assert.Equal(Without(whole), lines);
        }
    }

    [Fact]
    public void A_checkpoint_whose_line_was_lost_gets_it_back()
    {
        Write(steps: 3);
        var lines = File.ReadAllLines(_path);
        File.WriteAllLines(_path, lines.TakeWhile(line => !line.Contains("checkpoint", StringComparison.Ordinal)));

        RunLog.Resume(_path, 3, new SteppingClock(Noon)).Dispose();

        var events = RunLog.Read(_path).ToList();
        Assert.IsType<CheckpointWritten>(events[^2]);
        Assert.Equal(3, Assert.IsType<Resumed>(events[^1]).Step);
    }

    [Fact]
    public void What_followed_the_checkpoint_is_dropped_even_at_the_same_step()
    {
        Write(steps: 3);
        using (var log = RunLog.Resume(_path, 3, new SteppingClock(Noon)))
        {
            log.Append(new Evaluated(0.5, true, new Dictionary<string, double>()) { Step = 3 });
        }

        RunLog.Resume(_path, 3, new SteppingClock(Noon)).Dispose();

        Assert.Single(RunLog.Read(_path), happened => happened is Evaluated);
        Assert.Single(RunLog.Read(_path), happened => happened is Resumed);
    }

    [Fact]
    public void A_run_that_failed_and_goes_on_has_not_failed()
    {
        Write(steps: 3);
        using (var log = RunLog.Resume(_path, 3, new SteppingClock(Noon)))
        {
            log.Append(new Failed("The disk is full.") { Step = 3 });
        }

        RunLog.Resume(_path, 3, new SteppingClock(Noon)).Dispose();

        Assert.DoesNotContain(RunLog.Read(_path), happened => happened is Failed);
    }

    [Fact]
    public void A_missing_log_is_empty() => Assert.Empty(RunLog.Read(_path));

    [Fact]
    public async Task Following_gives_what_is_there_and_what_comes_until_the_end()
    {
        var seen = new List<RunEvent>();
        var follower = Task.Run(
            async () =>
            {
                await foreach (var happened in RunLog.FollowAsync(
                    _path, new SteppingClock(Noon), TestContext.Current.CancellationToken))
                {
                    seen.Add(happened);
                }
            },
            TestContext.Current.CancellationToken);

        using var log = RunLog.Create(_path, new StoppedClock(Noon));
        for (var step = 1; step <= 50; step++)
        {
            log.Append(new StepTaken(1, 1, 1, 1) { Step = step });
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        log.Append(new Finished(50, 1, 1) { Step = 50 });
        await follower;

        Assert.Equal(Enumerable.Range(1, 50).Append(50), seen.Select(happened => happened.Step));
    }

    // Three steps to a checkpoint, which follows a look at the validation rows.
    private void Write(int steps, int after = 0)
    {
        using var log = after == 0
            ? RunLog.Create(_path, new SteppingClock(Noon))
            : RunLog.Resume(_path, after, new SteppingClock(Noon));
        if (after == 0)
        {
            log.Append(new RunStarted("abc", "finetune-1-seed0", steps, 10, 1000));
        }

        for (var step = after + 1; step <= steps; step++)
        {
            log.Append(new StepTaken(1.0 / step, 1, 1, 1) { Step = step });
            if (step % 3 == 0)
            {
                log.Append(new Evaluated(step, true, new Dictionary<string, double>()) { Step = step });
                log.Append(new CheckpointWritten { Step = step });
            }
        }

        log.Append(new Finished(steps, 1, 1) { Step = steps });
    }

    private static string Without(string log) => Resumption().Replace(Time().Replace(log, ""), "");

    [GeneratedRegex("\"at\":\"[^\"]*\",")]
    private static partial Regex Time();

    [GeneratedRegex("\\{\"event\":\"resumed\"[^\n]*\n")]
    private static partial Regex Resumption();

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
