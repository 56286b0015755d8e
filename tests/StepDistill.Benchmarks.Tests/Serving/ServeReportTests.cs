using StepDistill.Benchmarks.Serving;

namespace StepDistill.Benchmarks.Tests.Serving;

public sealed class ServeReportTests
{
    [Fact]
    public void Refusals_are_no_errors_and_anything_else_is()
    {
        Assert.Empty(Report(new() { [200] = 10, [429] = 5 }).Errors());
        Assert.Equal(["1 answers of status 500 below capacity.", "1 answers of status 500 above capacity."], Report(new() { [200] = 10, [500] = 1 }).Errors());
    }

    [Fact]
    public void The_share_is_that_of_the_mean_in_process_and_growth_is_told_after_the_start()
    {
        var report = Report(new() { [200] = 10 });

        Assert.Equal(0.9, report.ShareOfInProcess, 6);
        Assert.Equal(20, report.MemoryGrowth, 6);
        Assert.Contains("90.0 % of the throughput in process", report.Text(), StringComparison.Ordinal);
    }

    private static ServeReport Report(Dictionary<int, long> statuses)
    {
        var load = new LoadResult(64, 10, 90, 1, 2, 3, 4, statuses, [], 0);
        double[] memory = [50, 60, 100, 100, 110, 110, 120, 120];
        return new ServeReport("fake", [new(80, 1), new(120, 1)], load, load, [.. memory.Select((megabytes, at) => new MemoryAt(at, megabytes))]);
    }
}
