using StepDistill.Benchmarks.Annotating;

namespace StepDistill.Benchmarks.Tests.Annotating;

/// <summary>The short form of the benchmark: lost answers fail, slow ones do not.</summary>
public sealed class AnnotateBenchmarkTests
{
    [Fact]
    public async Task Every_answer_is_stored_and_nothing_is_faster_than_the_server()
    {
        var report = await AnnotateBenchmark.MeasureAsync(AnnotateOptions.Parse(["--short"]));

        Assert.Empty(report.Faults());
        var asking = Assert.Single(report.Asking);
        Assert.Equal((8, 24, 24), (asking.InFlight, asking.Rows, asking.Stored));
        Assert.InRange(asking.ShareOfIdeal, 0, 1);
        Assert.True(asking.ProcessorMillisecondsPerRow > 0);
    }

    [Fact]
    public void A_lost_answer_is_told() =>
        Assert.Equal(2, new AnnotateReport(1, [new(8, 10, 9, 1, 1, 1)], new(10, 9, 1, 1)).Faults().Count());

    [Theory]
    [InlineData("--fast")]
    [InlineData("--rounds", "-1")]
    [InlineData("--latency")]
    public void Words_that_make_no_sense_are_refused(params string[] words) =>
        Assert.Throws<ArgumentException>(() => AnnotateOptions.Parse(words));
}
