using StepDistill.Runs;
using StepDistill.Training.Models.T5;
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
            Look = network =>
            {
                using var scope = NewDisposeScope();
                var (ids, mask) = TensorBatch.Sources([[3, 4, 1], [5, 1]], network.Config.PadId, CPU);
                T5Decoding.Beam(network, ids, mask, 8, beams: 2);
            },
            Report = happened =>
            {
                if (happened is StepTaken)
                {
                    alive[happened.Step] = Tensor.TotalCount;
                }
            },
        };

        training.Run().Network.Dispose();

        // What is made once, such as views of joined weights, is there after the first look and the first checkpoint.
        Assert.All(Enumerable.Range(10, 51), step => Assert.Equal(alive[10], alive[step]));
    }

    [Fact]
    public void A_training_and_its_network_leave_no_tensor_behind()
    {
        long alive = 0;
        for (var run = 0; run < 4; run++)
        {
            using var training = new TinyTraining { Steps = 4 };
            training.Run().Network.Dispose();
            alive = run == 0 ? Tensor.TotalCount : alive;
        }

        Assert.Equal(alive, Tensor.TotalCount);
    }
}
