[assembly: AssemblyFixture(typeof(StepDistill.Training.Tests.OneThread))]

// Dropout draws from the library's one generator for the whole process, so tests that rely on its state must not run
// beside others.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace StepDistill.Training.Tests;

/// <summary>Keeps libtorch to one thread: the tests' tensors are so small that sharing them out costs more than it gains.</summary>
public sealed class OneThread
{
    public OneThread()
    {
        StepDistill.Training.Devices.NativeLibraries.Require();          // where the build brings no libtorch, TorchSharp would not find it
        TorchSharp.torch.set_num_threads(1);
    }
}
