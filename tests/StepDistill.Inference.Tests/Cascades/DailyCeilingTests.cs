using Microsoft.Extensions.Time.Testing;
using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class DailyCeilingTests
{
    private static readonly DateTimeOffset Evening = new(2026, 3, 1, 23, 59, 0, TimeSpan.Zero);

    [Fact]
    public void A_day_has_so_many_calls_and_the_next_as_many()
    {
        var clock = new FakeTimeProvider(Evening);
        using var ceiling = new DailyCeiling(2, null, clock);

        Assert.Equal([true, true, false], Take(ceiling, 3));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, ceiling.Spent);
        Assert.Equal([true, true, false, false], Take(ceiling, 4));
        Assert.Equal(2, ceiling.Spent);
    }

    [Fact]
    public void None_are_none()
    {
        using var ceiling = new DailyCeiling(0, null, new FakeTimeProvider(Evening));

        Assert.False(ceiling.TryTake());
        Assert.Throws<ArgumentOutOfRangeException>(() => new DailyCeiling(-1, null, TimeProvider.System));
    }

    [Fact]
    public void The_count_outlives_the_process_and_not_the_day()
    {
        using var folder = new CascadeFolder();
        var clock = new FakeTimeProvider(Evening);
        using (var first = new DailyCeiling(3, folder["spent/calls.json"], clock))
        {
            Take(first, 2);
        }

        using (var second = new DailyCeiling(3, folder["spent/calls.json"], clock))
        {
            Assert.Equal(2, second.Spent);
            Assert.Equal([true, false], Take(second, 2));
        }

        clock.Advance(TimeSpan.FromDays(1));
        using var third = new DailyCeiling(3, folder["spent/calls.json"], clock);
        Assert.Equal(0, third.Spent);
    }

    [Fact]
    public void A_call_is_on_the_disk_before_it_is_allowed()
    {
        using var folder = new CascadeFolder();
        using var ceiling = new DailyCeiling(3, folder["calls.json"], new FakeTimeProvider(Evening));

        ceiling.TryTake();

        Assert.Contains("\"calls\": 1", File.ReadAllText(folder["calls.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_clock_that_goes_back_begins_no_day_again()
    {
        var clock = new BackwardClock { Now = Evening };
        using var ceiling = new DailyCeiling(1, null, clock);
        Assert.True(ceiling.TryTake());

        clock.Now = Evening.AddDays(-1);

        Assert.False(ceiling.TryTake());
    }

    [Fact]
    public void Two_processes_need_two_files()
    {
        using var folder = new CascadeFolder();
        using var one = new DailyCeiling(3, folder["calls.json"], TimeProvider.System);

        Assert.Contains("a file of its own for each process",
            Assert.Throws<StepDistillException>(() => new DailyCeiling(3, folder["calls.json"], TimeProvider.System)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("12")]
    [InlineData("""{"day":"2026-03-01","calls":-1}""")]
    [InlineData("""{"day":"2026-03-01","calls":99999999999}""")]
    [InlineData("""{"day":"2026-13-01","calls":1}""")]
    [InlineData("""{"day":"9999-01-01","calls":1}""")]
    public void Another_content_is_refused_and_left_alone(string content)
    {
        using var folder = new CascadeFolder();
        var path = folder.Write("calls.json", content);

        var e = Assert.Throws<StepDistillException>(() => new DailyCeiling(3, path, new FakeTimeProvider(Evening)));

        Assert.Contains("is no count of a day's calls", e.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(path));
        File.Delete(path);
        using var again = new DailyCeiling(3, path, new FakeTimeProvider(Evening));    // the lock was given back
    }

    [Fact]
    public void Several_threads_take_no_more_than_there_are()
    {
        using var ceiling = new DailyCeiling(1000, null, new FakeTimeProvider(Evening));
        var taken = 0;

        Parallel.For(0, 3000, _ => Interlocked.Add(ref taken, ceiling.TryTake() ? 1 : 0));

        Assert.Equal(1000, taken);
    }

    private static bool[] Take(DailyCeiling ceiling, int times) => [.. Enumerable.Range(0, times).Select(_ => ceiling.TryTake())];

    private sealed class BackwardClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
