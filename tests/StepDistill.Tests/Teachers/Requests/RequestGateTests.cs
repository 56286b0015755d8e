using CsCheck;
using Microsoft.Extensions.Time.Testing;
using StepDistill.Teachers.Requests;

namespace StepDistill.Tests.Teachers.Requests;

public sealed class RequestGateTests
{
    private readonly FakeTimeProvider _time = new();

    /// <summary>A request: bound of its tokens, true tokens, when the server sees it, and when it is answered, in milliseconds.</summary>
    private sealed record Request(int Bound, int Tokens, int Arrival, int Latency);

    [Fact]
    public void No_sliding_minute_holds_more_than_the_limits_whatever_the_latencies()
    {
        var request =
            from tokens in Gen.Int[1, 400]
            from extra in Gen.Int[0, 600]
            from arrival in Gen.Int[0, 9_000]
            from rest in Gen.Int[0, 21_000]
            select new Request(tokens + extra, tokens, arrival, arrival + rest);
        Gen.Select(request.Array[1, 120], Gen.Int[1, 60], Gen.Int[1_000, 20_000], Gen.Int[1, 50])
            .Sample((requests, perMinute, tokens, atOnce) => Simulate(requests, new(perMinute, tokens), atOnce), iter: 300);
    }

    [Fact]
    public void Limits_are_used_up_to_the_last_request()
    {
        // Sixty a minute, answered at once: two hundred take three minutes and a little.
        var requests = Enumerable.Repeat(new Request(10, 10, 0, 0), 200).ToArray();
        Assert.InRange(Simulate(requests, new(60, null), 50).TotalSeconds, 180, 181);

        // With latency a request blocks its place for longer; that is the price of certainty.
        Assert.InRange(Simulate([.. requests.Select(r => r with { Latency = 2_000 })], new(60, null), 60).TotalSeconds, 186, 190);
    }

    [Fact]
    public void Without_limits_nothing_waits()
    {
        using var gate = new RequestGate(time: _time);
        Assert.All(Enumerable.Range(0, 5_000), _ => Assert.True(Ask(gate, 1_000_000).IsCompletedSuccessfully));
    }

    [Fact]
    public void What_the_server_says_holds_beside_what_the_user_says()
    {
        using var gate = new RequestGate(new RateLimits(Requests: 10), time: _time);
        gate.Hear(new(new(Requests: 3), null));
        Assert.Equal(3, Enter(gate, 20).Count(task => task.IsCompleted));
        gate.Hear(new(new(Requests: 8, Tokens: 1_000_000), null));
        gate.Hear(new(RateLimits.None, null));                          // a reply without headers takes nothing back
        Assert.Equal(0, Enter(gate, 1).Count(task => task.IsCompleted));    // others are before it

        using var other = new RequestGate(new RateLimits(Requests: 10), time: _time);
        other.Hear(new(new(Requests: 1000), null));
        Assert.Equal(10, Enter(other, 20).Count(task => task.IsCompleted));
    }

    [Fact]
    public void A_server_that_asks_for_a_wait_gets_it_from_everybody()
    {
        using var gate = new RequestGate(time: _time);
        gate.Hold(TimeSpan.FromSeconds(30));
        var waiting = Enter(gate, 3);
        _time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.All(waiting, task => Assert.True(task.IsCompleted));
    }

    [Fact]
    public void Too_many_halves_what_goes_at_once_and_answers_bring_it_back()
    {
        using var gate = new RequestGate(time: _time);
        var first = Enter(gate, 16).ConvertAll(Passed);
        _time.Advance(TimeSpan.FromSeconds(1));
        first.ForEach(passage => passage.Close(PassageEnd.TooMany));        // sixteen times the same news
        Assert.Equal(8, Round(8));
        Assert.Equal(9, Round(16));

        int Round(int asked)
        {
            var passed = Enter(gate, asked).Where(task => task.IsCompleted).Select(Passed).ToList();
            passed.ForEach(passage => passage.Close(PassageEnd.Answered));
            return passed.Count;
        }
    }

    [Fact]
    public void A_pause_ends_with_one_request_that_is_answered()
    {
        using var gate = new RequestGate(time: _time);
        gate.Pause("no credit", TimeSpan.FromMinutes(1));
        Assert.Equal("no credit", gate.Paused);
        var waiting = Enter(gate, 5);
        _time.Advance(TimeSpan.FromSeconds(61));
        var probe = Passed(Assert.Single(waiting, task => task.IsCompleted));
        probe.Close(PassageEnd.Answered);
        Assert.Null(gate.Paused);
        Assert.All(waiting, task => Assert.True(task.IsCompleted));
    }

    [Fact]
    public void The_limit_of_dollars_is_never_passed_whatever_replies_cost()
    {
        var request = Gen.Select(Gen.Int[1, 1_000], Gen.Int[0, 1_000], Gen.Int[0, 3]);
        Gen.Select(request.Array[1, 200], Gen.Int[0, 20_000], Gen.Int[1, 40]).Sample((requests, cents, atOnce) =>
        {
            using var gate = new RequestGate(maxCost: cents / 100m, time: _time);
            var (underWay, charged, refused) = (new List<(Passage Passage, decimal Cost)>(), 0m, 0);
            foreach (var (bound, share, fate) in requests)
            {
                var dearest = bound / 100m;
                var entering = Ask(gate, 1, dearest);
                while (!entering.IsCompleted || underWay.Count >= atOnce)
                {
                    End();
                }

                if (entering.IsFaulted)
                {
                    Assert.IsType<CostLimitException>(entering.Exception!.InnerException);
                    Assert.True(charged + dearest > cents / 100m);     // there was truly no room for it
                    refused++;
                    continue;
                }

                // Answered, refused for nothing, or lost and perhaps paid for in full.
                underWay.Add((Passed(entering), fate switch { 0 => 0, 1 => dearest, _ => dearest * share / 1_000m }));
            }

            while (underWay.Count > 0)
            {
                End();
            }

            Assert.Equal(charged, gate.Spent);
            Assert.True(charged <= cents / 100m);
            Assert.True(refused > 0 || requests.Sum(r => r.Item1) <= cents || charged <= cents / 100m);

            void End()
            {
                var (passage, cost) = underWay[0];
                underWay.RemoveAt(0);
                charged += cost;
                passage.Close(PassageEnd.Answered, cost: cost);
            }
        }, iter: 1_000);
    }

    [Fact]
    public void Who_gives_up_leaves_the_queue_to_the_others()
    {
        using var gate = new RequestGate(new RateLimits(Requests: 1), time: _time);
        Passed(Ask(gate, 1)).Close(PassageEnd.Answered);
        using var stop = new CancellationTokenSource();
        var first = gate.EnterAsync(1, 0, stop.Token);
        var second = Ask(gate, 1);
        stop.Cancel();
        Assert.True(first.IsCanceled);
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.True(second.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_request_too_large_for_any_minute_goes_alone()
    {
        using var gate = new RequestGate(new RateLimits(Tokens: 100), time: _time);
        var large = Ask(gate, 5_000);
        var next = Ask(gate, 1);
        Assert.True(large.IsCompleted);
        Assert.False(next.IsCompleted);
        Passed(large).Close(PassageEnd.Answered, tokens: 60);        // its bound was far too high
        Assert.True(next.IsCompleted);
    }

    [Fact]
    public void A_closed_passage_counts_once()
    {
        using var gate = new RequestGate(maxCost: 10, time: _time);
        var passage = Passed(Ask(gate, 1, 3));
        passage.Close(PassageEnd.Answered, cost: 2);
        passage.Close(PassageEnd.Failed, cost: 3);
        Assert.Equal(2, gate.Spent);
    }

    private static Task<Passage> Ask(RequestGate gate, long tokens, decimal cost = 0) =>
        gate.EnterAsync(tokens, cost, CancellationToken.None);

    /// <summary>The gate completes its tasks before it returns, so nothing waits here.</summary>
    private static Passage Passed(Task<Passage> task) => task.Result;

    private static List<Task<Passage>> Enter(RequestGate gate, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => Ask(gate, 1))];

    /// <summary>Sends requests through a gate, and checks what a server sees of them.</summary>
    /// <returns>How long it took.</returns>
    private static TimeSpan Simulate(Request[] requests, RateLimits limits, int atOnce)
    {
        var time = new FakeTimeProvider();
        using var gate = new RequestGate(limits, time: time);
        var start = time.GetUtcNow();
        var (next, entering) = (0, new List<(Request Request, Task<Passage> Passage)>());
        var underWay = new List<(DateTimeOffset Seen, DateTimeOffset Answered, Request Request, Passage Passage)>();
        var seen = new List<(DateTimeOffset At, int Tokens)>();
        while (next < requests.Length || entering.Count + underWay.Count > 0)
        {
            var now = time.GetUtcNow();
            foreach (var one in underWay.Where(one => one.Answered <= now).ToList())
            {
                underWay.Remove(one);
                seen.Add((one.Seen, one.Request.Tokens));
                one.Passage.Close(PassageEnd.Answered, one.Request.Tokens);
            }

            while (next < requests.Length && entering.Count + underWay.Count < atOnce)
            {
                entering.Add((requests[next], gate.EnterAsync(requests[next].Bound, 0)));
                next++;
            }

            foreach (var (request, passage) in entering.Where(one => one.Passage.IsCompleted).ToList())
            {
                entering.RemoveAll(one => ReferenceEquals(one.Passage, passage));
                underWay.Add((now.AddMilliseconds(request.Arrival), now.AddMilliseconds(request.Latency), request, passage.Result));
            }

            time.Advance(TimeSpan.FromMilliseconds(50));
            Assert.True(now - start < TimeSpan.FromDays(1), "The requests never end.");
        }

        seen.Sort();
        for (int i = 0, first = 0; i < seen.Count; i++)
        {
            while (seen[i].At - seen[first].At >= TimeSpan.FromMinutes(1))
            {
                first++;
            }

            Assert.True(i - first + 1 <= (limits.Requests ?? long.MaxValue), $"{i - first + 1} requests in a minute.");
            Assert.True(seen[first..(i + 1)].Sum(s => (long)s.Tokens) <= (limits.Tokens ?? long.MaxValue), "Too many tokens in a minute.");
        }

        return time.GetUtcNow() - start;
    }
}
