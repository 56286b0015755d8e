using StepDistill.Cli.Rendering;

namespace StepDistill.Cli.Tests.Rendering;

public sealed class ProgressLinesTests
{
    [Fact]
    public void Lines_are_few_and_tell_the_time_left()
    {
        var clock = new ManualClock();
        var lines = new List<string>();
        var progress = new ProgressLines("Training", lines.Add, clock);

        for (var step = 0; step <= 3000; step++)
        {
            progress.Report(new(1000 + step, 4000, $"loss {4 - (step / 1000.0):0.0}"));
            clock.Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.Equal("Training: 1,000 of 4,000, loss 4.0", lines[0]);
        Assert.Equal("Training: 1,500 of 4,000, loss 3.5, 25 s left", lines[1]);
        Assert.Equal("Training: 4,000 of 4,000, loss 1.0", lines[^1]);
        Assert.Equal(7, lines.Count);
    }

    [Fact]
    public void An_unknown_total_is_not_made_up()
    {
        var lines = new List<string>();
        new ProgressLines("Reading", lines.Add, new ManualClock()).Report(new(5, 0));

        Assert.Equal(["Reading: 5"], lines);
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
