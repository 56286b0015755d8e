using StepDistill.Training.Devices;

namespace StepDistill.Training.Tests.Devices;

public sealed class AvailableMemoryTests
{
    [Fact]
    public void The_kernel_s_line_is_read_in_bytes() => Assert.Equal(
        12_345_678L * 1024,
        AvailableMemory.ReadFree(["MemTotal:       16384000 kB", "MemFree:          500000 kB", "MemAvailable:   12345678 kB"]));

    [Fact]
    public void Older_kernels_have_no_such_line() => Assert.Null(AvailableMemory.ReadFree(["MemTotal:       16384000 kB"]));

    [Fact]
    public void There_is_some() => Assert.InRange(AvailableMemory.Now(), 1, 1L << 50);
}
