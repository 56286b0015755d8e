using System.Runtime.InteropServices;
using System.Text;

namespace StepDistill.Training.Devices;

/// <summary>A GPU, as NVIDIA's driver describes it.</summary>
/// <param name="Name">Its name, such as <c>NVIDIA H100 80GB HBM3</c>.</param>
/// <param name="Major">Its compute capability before the point: its generation.</param>
/// <param name="Minor">Its compute capability behind the point.</param>
internal sealed record CudaGpu(string Name, int Major, int Minor);

/// <summary>Asks NVIDIA's driver what a GPU is: libtorch knows it too, but TorchSharp does not pass it on.</summary>
/// <remarks>Source: the CUDA Driver API, whose functions have kept their forms since CUDA 2.0.</remarks>
internal static unsafe class CudaDriver
{
    private const int CapabilityMajor = 75;
    private const int CapabilityMinor = 76;
    private const int LongestName = 256;

    /// <summary>Describes one GPU; null where there is no driver or it does not answer.</summary>
    /// <param name="number">Its number, the same as libtorch's: both heed <c>CUDA_VISIBLE_DEVICES</c>.</param>
    public static CudaGpu? Describe(int number)
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out var driver)
            || !NativeLibrary.TryGetExport(driver, "cuInit", out var init)
            || !NativeLibrary.TryGetExport(driver, "cuDeviceGet", out var get)
            || !NativeLibrary.TryGetExport(driver, "cuDeviceGetName", out var getName)
            || !NativeLibrary.TryGetExport(driver, "cuDeviceGetAttribute", out var getAttribute))
        {
            return null;
        }

        int device, major, minor;
        var name = stackalloc byte[LongestName];
        return ((delegate* unmanaged<uint, int>)init)(0) == 0
            && ((delegate* unmanaged<int*, int, int>)get)(&device, number) == 0
            && ((delegate* unmanaged<byte*, int, int, int>)getName)(name, LongestName, device) == 0
            && ((delegate* unmanaged<int*, int, int, int>)getAttribute)(&major, CapabilityMajor, device) == 0
            && ((delegate* unmanaged<int*, int, int, int>)getAttribute)(&minor, CapabilityMinor, device) == 0
                ? new(Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)), major, minor)
                : null;
    }
}
