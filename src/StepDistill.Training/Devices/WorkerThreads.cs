using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StepDistill.Training.Devices;

/// <summary>How libtorch's worker threads wait for work.</summary>
/// <remarks>
/// Between two pieces of work its threads spin for milliseconds by default. Where another program wants the same cores,
/// each waits for one that is not running, and a step takes several times as long. A short spin costs an idle machine
/// little. The user's own <c>GOMP_SPINCOUNT</c> or <c>OMP_WAIT_POLICY</c> stands.
/// </remarks>
internal static partial class WorkerThreads
{
    private const string Spins = "1000";

    // libtorch's thread library reads the process's own environment once, when it is loaded, so this must come before
    // any use of TorchSharp; .NET's Environment keeps a copy that native code does not see.
    [ModuleInitializer]
    internal static void WaitBriefly()
    {
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
        {
            _ = SetVariable("GOMP_SPINCOUNT", Spins, overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
