using System.Runtime.InteropServices;
using StepDistill.Training.Devices;

namespace StepDistill.Training.Tests.Devices;

public sealed class CudaDriverTests
{
    private static readonly bool HasDriver = NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out _);

    [Fact]
    public void Without_a_driver_nothing_is_said()
    {
        Assert.SkipWhen(HasDriver, "This machine has NVIDIA's driver.");

        Assert.Null(CudaDriver.Describe(0));
    }

    [Fact]
    public void The_driver_knows_a_GPU_s_name_and_generation()
    {
        Assert.SkipUnless(HasDriver, "This machine has no driver of NVIDIA's.");
        var gpu = CudaDriver.Describe(0);
        Assert.SkipWhen(gpu is null, "The driver finds no GPU.");

        Assert.NotEmpty(gpu.Name);
        Assert.InRange(gpu.Major, 3, 99);
        Assert.InRange(gpu.Minor, 0, 9);
        Assert.Null(CudaDriver.Describe(1000));
    }
}
