using StepDistill.Runs;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests;

public sealed partial class TrainerTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Steps_looks_and_checkpoints_leave_no_tensor_behind(ScalarType precision)
    {
        Dictionary<int, long> alive = [];
        using var training = new TinyTraining
        {
            Steps = 60,
            Precision = precision,
            CheckpointEverySteps = 2,
            Look = Answer,
            Report = happened =>
            {
                if (happened is StepTaken)
                {
                    alive[happened.Step] = Tensor.TotalCount;
                }
            },
        };

        training.Run().Network.Dispose();

        // Batches differ in length, and so do the pieces that a step's memory is kept in: it goes up and down, but not on.
        Assert.True(
            alive.Where(count => count.Key > 40).Max(count => count.Value) <= alive.Where(count => count.Key is > 10 and <= 40).Max(count => count.Value),
            string.Join(" ", alive.Values));
    }

    [Fact]
    public void A_training_and_its_network_leave_no_tensor_behind()
    {
        // What other tests left for the garbage collector must not go while this one counts.
        GC.Collect();
        GC.WaitForPendingFinalizers();

        // The library counts a tensor that became a parameter twice and gives back one: that is no memory.
        var parameters = 0L;
        var alive = 0L;
        for (var run = 0; run < 3; run++)
        {
            using var training = new TinyTraining { Steps = 4 };
            using var network = training.Run().Network;
            parameters = 2 * network.Memory.Weights.Count;      // one network is made from the seed, the other from it
            alive = run == 0 ? Tensor.TotalCount : alive;
        }

        using (var training = new TinyTraining { Steps = 4 })
        using (training.Run().Network)
        {
            Assert.Equal(alive + (3 * parameters), Tensor.TotalCount);
        }
    }
}
