using System.Runtime.InteropServices;

namespace StepDistill.Training.Devices;

/// <summary>The C library's memory, from which libtorch takes its own.</summary>
internal static partial class NativeHeap
{
    /// <summary>Gives back to the system what is free: else a process that trains several students in turn keeps parts of each.</summary>
    /// <remarks>
    /// glibc has a heap for every few threads and keeps what was freed in the middle of one. Other C libraries need no
    /// such thing or have none.
    /// </remarks>
    public static void GiveBackWhatIsFree()
    {
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library))
        {
            if (NativeLibrary.TryGetExport(library, "malloc_trim", out _))
            {
                _ = malloc_trim(0);
            }

            NativeLibrary.Free(library);
        }
    }

    [LibraryImport("libc.so.6")]
    private static partial int malloc_trim(nuint keep);
}
