using Microsoft.Extensions.Time.Testing;
using StepDistill.Serving.Batching;

namespace StepDistill.Serving.Tests.Batching;

public sealed class BatchQueueTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_idle_worker_begins_at_once()
    {
        // With a clock that stands still, any wait would be for ever.
        await using var queue = Queues.Over(new() { MaxWait = TimeSpan.FromSeconds(1) }, new FakeTimeProvider());
        using var student = new FakeStudent();

        foreach (var input in new[] { "a", "b", "c" })
        {
            Assert.Equal(input, (await queue.AskAsync(student, input).WaitAsync(TimeSpan.FromSeconds(10), Stop))[0].Label);
        }

        Assert.Equal([1, 1, 1], student.Batches.Select(batch => batch.Count));
    }

    [Fact]
    public async Task What_arrives_while_a_batch_is_computed_is_computed_together()
    {
        using var latch = new Latch();
        using var student = latch.Student("first");
        await using var queue = Queues.Over();

        var first = queue.AskAsync(student, "first");
        latch.WaitEntered();
        var others = Enumerable.Range(0, 20).Select(i => queue.AskAsync(student, $"row {i:00}")).ToArray();
        latch.Open();

        Assert.Equal("first", (await first)[0].Label);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"row {i:00}"), (await Task.WhenAll(others)).Select(answers => answers[0].Label));
        Assert.Equal([1, 20], student.Batches.Select(batch => batch.Count));
    }

    [Fact]
    public async Task After_a_shared_batch_a_worker_waits_for_as_many_again_but_no_longer_than_it_may()
    {
        var clock = new FakeTimeProvider();
        using var latch = new Latch();
        using var student = latch.Student("first");
        await using var queue = Queues.Over(new() { MaxWait = TimeSpan.FromMilliseconds(5), LatencyLimit = TimeSpan.FromMinutes(1) }, clock);
        var first = queue.AskAsync(student, "first");
        latch.WaitEntered();
        var two = new[] { queue.AskAsync(student, "second"), queue.AskAsync(student, "third") };
        latch.Open();
        await first;
        await Task.Delay(50, Stop);
        Assert.Single(student.Batches);     // three rows were there, so it waits for a third

        await AdvanceUntilAsync(clock, Task.WhenAll(two));

        Assert.Equal([1, 2], student.Batches.Select(batch => batch.Count));
    }

    [Fact]
    public async Task A_batch_is_never_larger_than_its_limits()
    {
        using var latch = new Latch();
        using var student = latch.Student("first");
        await using var queue = Queues.Over(new() { MaxRows = 6, MaxTokens = 100, MaxWait = TimeSpan.Zero });
        var first = queue.AskAsync(student, "first");
        latch.WaitEntered();
        var others = Enumerable.Range(0, 40).Select(i => queue.AskAsync(student, new string('x', 4 * (i % 20)) + i)).ToArray();
        latch.Open();
        await first;
        await Task.WhenAll(others);

        Assert.All(student.Batches, batch => Assert.InRange(batch.Count, 1, 6));
        Assert.All(student.Batches, batch => Assert.True(
            batch.Count == 1 || batch.Count * batch.Max(row => 1 + (row.Input.Length / 4)) <= 100,
            $"{batch.Count} rows of {batch.Max(row => row.Input.Length)} characters"));
    }

    [Fact]
    public async Task A_full_queue_refuses_whole_requests()
    {
        using var latch = new Latch();
        using var student = latch.Student();
        await using var queue = Queues.Over(new() { Capacity = 4 });
        var first = queue.AskAsync(student, "first");
        latch.WaitEntered();
        var waiting = queue.AskAsync(student, "a", "b", "c");

        var refused = await Assert.ThrowsAsync<RefusedException>(() => queue.AskAsync(student, "d", "e"));
        var accepted = queue.AskAsync(student, "f");
        latch.Open();

        Assert.Equal(Refusal.Full, refused.Reason);
        Assert.Equal("first", (await first)[0].Label);
        Assert.Equal(["a", "b", "c"], (await waiting).Select(answer => answer.Label));
        Assert.Equal("f", (await accepted)[0].Label);
    }

    [Fact]
    public async Task A_question_that_would_wait_too_long_is_told_when_to_come_back()
    {
        // Ten rows of eleven tokens take 100 ms: 1,100 tokens a second.
        using var student = FakeStudent.Slow(batch: 0, row: 10);
        await using var queue = Queues.Over(new() { MaxRows = 10, LatencyLimit = TimeSpan.FromMilliseconds(150) });
        string[] Ten(int from) => [.. Enumerable.Range(from, 10).Select(i => $"{i:0000000000000000000000000000000000000000}")];
        await queue.AskAsync(student, Ten(0));      // from here on, it is known how fast the student is

        var accepted = Enumerable.Range(0, 2).Select(i => queue.AskAsync(student, Ten(10 * i))).ToArray();
        var refused = await Assert.ThrowsAsync<RefusedException>(() => queue.AskAsync(student, Ten(0)));

        Assert.Equal(Refusal.TooSlow, refused.Reason);
        Assert.InRange(refused.RetryAfter.TotalMilliseconds, 5, 150);        // two batches of 100 ms, less the limit
        await Task.WhenAll(accepted);
        Assert.Equal(10, (await queue.AskAsync(student, Ten(0))).Count);      // and then it is welcome
    }

    /// <summary>Full batches of this student take 320 ms, more than the limit: were they made, everything that came meanwhile would be refused.</summary>
    [Fact]
    public async Task Batches_of_a_slow_student_are_so_small_that_others_may_wait_for_them()
    {
        using var student = FakeStudent.Slow(batch: 0, row: 10);
        await using var queue = Queues.Over(new() { MaxRows = 32, LatencyLimit = TimeSpan.FromMilliseconds(200), MaxWait = TimeSpan.Zero });
        await queue.AskAsync(student, [.. Enumerable.Range(0, 32).Select(i => $"{i:00000000000000000000}")]);
        var before = student.Batches.Count;

        await queue.AskAsync(student, [.. Enumerable.Range(0, 64).Select(i => $"{i:00000000000000000000}")]);

        Assert.All(student.Batches.Skip(before), batch => Assert.InRange(batch.Count, 1, 14));      // about 10 of 10 ms each are 100 ms
    }

    [Fact]
    public async Task Waiting_questions_whose_client_has_gone_are_not_computed()
    {
        using var latch = new Latch();
        using var student = latch.Student("first");
        await using var queue = Queues.Over();
        using var gone = new CancellationTokenSource();
        var first = queue.AskAsync(student, "first");
        latch.WaitEntered();
        var withdrawn = queue.AskAsync(student, [new("gone"), new("gone too")], null, gone.Token);
        var other = queue.AskAsync(student, "other");
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => withdrawn);
        Assert.Equal(1, queue.State.Rows);
        latch.Open();

        await Task.WhenAll(first, other);
        Assert.DoesNotContain(student.Batches.SelectMany(Latch.Inputs), input => input.StartsWith("gone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_question_that_is_being_computed_ends_with_its_batch_though_its_client_has_gone()
    {
        using var latch = new Latch();
        using var student = latch.Student();
        await using var queue = Queues.Over();
        using var gone = new CancellationTokenSource();
        var asked = queue.AskAsync(student, [new("a")], null, gone.Token);
        latch.WaitEntered();
        await gone.CancelAsync();

        Assert.False(asked.IsCompleted);        // the request holds the student until nobody computes with it
        latch.Open();
        await asked;
    }

    [Fact]
    public async Task A_question_is_given_up_at_its_deadline()
    {
        var clock = new FakeTimeProvider();
        using var latch = new Latch();
        using var student = latch.Student("first");
        await using var queue = Queues.Over(new() { Deadline = TimeSpan.FromSeconds(10), MaxWait = TimeSpan.Zero }, clock);
        var first = queue.AskAsync(student, "first");
        latch.WaitEntered();
        var hasty = queue.AskAsync(student, [new("hasty")], TimeSpan.FromSeconds(1), Stop);
        var patient = queue.AskAsync(student, "patient");

        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(Refusal.Expired, (await Assert.ThrowsAsync<RefusedException>(() => hasty)).Reason);
        latch.Open();
        await Task.WhenAll(first, patient);
        Assert.DoesNotContain("hasty", student.Batches.SelectMany(Latch.Inputs));
    }

    [Fact]
    public async Task One_rows_failure_is_its_own()
    {
        using var latch = new Latch();
        var hold = latch.Student("first").Before!;
        using var student = new FakeStudent
        {
            Before = (rows, stop) =>
            {
                hold(rows, stop);
                if (rows.Any(row => row.Input.StartsWith("bad", StringComparison.Ordinal)))
                {
                    throw new StepDistillException($"No answer to {string.Join(", ", rows.Select(row => row.Input))}.");
                }
            },
        };
        await using var queue = Queues.Over();
        var first = queue.AskAsync(student, "first");
        latch.WaitEntered();
        var rows = Enumerable.Range(0, 16).Select(i => queue.AskAsync(student, i is 3 or 11 ? $"bad {i}" : $"good {i}")).ToArray();
        latch.Open();
        await first;

        for (var i = 0; i < rows.Length; i++)
        {
            if (i is 3 or 11)
            {
                var failure = await Assert.ThrowsAsync<StepDistillException>(() => rows[i]);
                Assert.Equal($"No answer to bad {i}.", failure.Message);        // and names nobody else's input
            }
            else
            {
                Assert.Equal($"good {i}", (await rows[i])[0].Label);
            }
        }
    }

    [Fact]
    public async Task A_stop_finishes_what_was_accepted_and_accepts_no_more()
    {
        using var latch = new Latch();
        using var student = latch.Student("first");
        await using var queue = Queues.Over(new() { MaxRows = 2 });
        var first = queue.AskAsync(student, "first");
        latch.WaitEntered();
        var waiting = Enumerable.Range(0, 5).Select(i => queue.AskAsync(student, $"{i}")).ToArray();
        var stopping = queue.StopAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(Refusal.Stopping, (await Assert.ThrowsAsync<RefusedException>(() => queue.AskAsync(student, "late"))).Reason);
        latch.Open();
        await stopping;

        Assert.True(first.IsCompletedSuccessfully || (await first).Count == 1);
        Assert.Equal(5, (await Task.WhenAll(waiting)).Length);
    }

    [Fact]
    public async Task A_stop_that_takes_too_long_gives_up_and_every_question_ends()
    {
        using var latch = new Latch();
        using var student = latch.Student();
        await using var queue = Queues.Over();
        var computing = queue.AskAsync(student, "computing");
        latch.WaitEntered();
        var waiting = queue.AskAsync(student, "waiting");

        await queue.StopAsync(TimeSpan.FromMilliseconds(20));

        Assert.Equal(Refusal.Stopping, (await Assert.ThrowsAsync<RefusedException>(() => waiting)).Reason);
        Assert.Equal(Refusal.Stopping, (await Assert.ThrowsAsync<RefusedException>(() => computing)).Reason);
    }

    [Fact]
    public async Task Each_batch_is_asked_of_the_student_that_its_questions_came_with()
    {
        using var latch = new Latch();
        using var one = latch.Student("first");
        using var two = new FakeStudent { Version = "2" };
        await using var queue = Queues.Over();
        var first = queue.AskAsync(one, "first");
        latch.WaitEntered();
        var asked = Enumerable.Range(0, 10).Select(i => queue.AskAsync(i % 2 == 0 ? one : two, $"{i}")).ToArray();
        latch.Open();
        await first;
        await Task.WhenAll(asked);

        Assert.Equal(["0", "2", "4", "6", "8"], one.Batches.SelectMany(Latch.Inputs).Where(input => input != "first"));
        Assert.Equal(["1", "3", "5", "7", "9"], two.Batches.SelectMany(Latch.Inputs));
    }

    [Fact]
    public async Task Answers_are_never_mixed_up_between_requests()
    {
        using var student = FakeStudent.Slow(batch: 1);
        await using var queue = Queues.Over(new() { Workers = 3, MaxRows = 7, LatencyLimit = TimeSpan.FromMinutes(1) });

        await Task.WhenAll(Enumerable.Range(0, 64).Select(client => Task.Run(
            async () =>
            {
                for (var turn = 0; turn < 50; turn++)
                {
                    string[] inputs = [.. Enumerable.Range(0, 1 + ((client + turn) % 5)).Select(i => $"{client}/{turn}/{i}" + new string('x', client))];
                    Assert.Equal(inputs, (await queue.AskAsync(student, inputs)).Select(answer => answer.Label));
                }
            },
            Stop)));
    }

    /// <summary>Lets time pass until a task has ended: a worker may note the end of its last batch a moment after that has been answered.</summary>
    private static async Task AdvanceUntilAsync(FakeTimeProvider clock, Task task)
    {
        for (var i = 0; i < 500 && !task.IsCompleted; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(6));
            await Task.Delay(10, Stop);
        }

        await task.WaitAsync(TimeSpan.FromSeconds(1), Stop);
    }
}
