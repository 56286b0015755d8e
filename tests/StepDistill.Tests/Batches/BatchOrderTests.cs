using StepDistill.Batches;

namespace StepDistill.Tests.Batches;

public sealed class BatchOrderTests
{
    [Theory]
    [InlineData(10, 4)]
    [InlineData(7, 7)]
    [InlineData(5, 64)]
    public void Every_epoch_visits_every_example_once(int examples, int batchSize)
    {
        foreach (BatchOrder order in new BatchOrder[] { new ShuffledOrder(examples, batchSize, 3), new PaperOrder(examples, batchSize, 3) })
        {
            for (var epoch = 0; epoch < 3; epoch++)
            {
                var seen = new List<int>();
                for (var step = 0; step < order.StepsPerEpoch; step++)
                {
                    seen.AddRange(order.Batch((epoch * order.StepsPerEpoch) + step));
                }

                Assert.Equal(Enumerable.Range(0, examples), seen.Order());
            }
        }
    }

    [Fact]
    public void A_step_does_not_depend_on_the_steps_looked_at_before()
    {
        var first = new ShuffledOrder(100, 8, 1);
        var second = new ShuffledOrder(100, 8, 1);
        for (var step = 0; step < 50; step++)
        {
            _ = first.Batch(step);
        }

        Assert.Equal(first.Batch(40), second.Batch(40));
        Assert.Equal(new PaperOrder(100, 8, 1).Batch(40), new PaperOrder(100, 8, 1).Batch(40));
    }

    [Fact]
    public void Seeds_and_epochs_have_orders_of_their_own()
    {
        var order = new ShuffledOrder(100, 100, 1);
        var first = order.Batch(0).ToArray();

        Assert.NotEqual(first, order.Batch(1).ToArray());
        Assert.NotEqual(first, new ShuffledOrder(100, 100, 2).Batch(0).ToArray());
    }
}
