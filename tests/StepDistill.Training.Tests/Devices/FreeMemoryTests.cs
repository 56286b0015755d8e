using StepDistill.Training.Devices;

namespace StepDistill.Training.Tests.Devices;

public sealed class FreeMemoryTests
{
    [Fact]
    public void This_process_may_take_more() => Assert.InRange(FreeMemory.Bytes(), 1 << 20, 1L << 50);

    [Theory]
    [InlineData("MemTotal:       24619000 kB\nMemFree:        1000 kB\nMemAvailable:   20971520 kB", 20L << 30)]
    [InlineData("MemAvailable:   many kB", long.MaxValue)]
    [InlineData("MemAvailable:", long.MaxValue)]
    [InlineData("", long.MaxValue)]
    public void What_Linux_says_is_read_and_nonsense_sets_no_limit(string text, long bytes) =>
        Assert.Equal(bytes, FreeMemory.Available(text.Split('\n')));
}
