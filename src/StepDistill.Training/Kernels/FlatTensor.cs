using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace StepDistill.Training.Kernels;

/// <summary>A contiguous tensor on the CPU as plain memory.</summary>
internal static unsafe partial class FlatTensor
{
    /// <summary>The tensor's first element.</summary>
    /// <typeparam name="T">What one number takes: float, ushort for bfloat16 and int16.</typeparam>
    /// <exception cref="ArgumentException">The tensor is not contiguous memory of such numbers on the CPU.</exception>
    public static T* Pointer<T>(Tensor tensor)
        where T : unmanaged
    {
        var fits = tensor.dtype switch
        {
            ScalarType.Float32 => typeof(T) == typeof(float),
            ScalarType.BFloat16 or ScalarType.Int16 => typeof(T) == typeof(ushort),
            _ => false,
        };
        if (!fits || !tensor.is_contiguous() || tensor.device_type != TorchSharp.DeviceType.CPU)
        {
            throw new ArgumentException(
                $"A tensor of {tensor.dtype} on {tensor.device} cannot be used as flat memory of {typeof(T).Name}; expected a "
                + "contiguous one on the CPU.",
                nameof(tensor));
        }

        return (T*)THSTensor_data(tensor.Handle);
    }

    [LibraryImport("LibTorchSharp")]
    private static partial IntPtr THSTensor_data(IntPtr handle);
}
