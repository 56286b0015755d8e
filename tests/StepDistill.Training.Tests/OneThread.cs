[assembly: AssemblyFixture(typeof(StepDistill.Training.Tests.OneThread))]

namespace StepDistill.Training.Tests;

/// <summary>Keeps libtorch to one thread: the tests' tensors are so small that sharing them out costs more than it gains.</summary>
public sealed class OneThread
{
    public OneThread() => TorchSharp.torch.set_num_threads(1);
}
