using StepDistill.Batches;

namespace StepDistill.Tests.Batches;

public sealed class PaperOrderTests
{
    // Recorded from the paper's own program on CommonsenseQA, --run 0, batches of 8.
    [Fact]
    public void The_first_batch_is_the_one_that_the_program_drew() =>
        Assert.Equal([2262, 8531, 1654, 6870, 2765, 2875, 4563, 5084], new PaperOrder(8766, 8, seed: 0).Batch(0).ToArray());

    [Theory]
    [InlineData(9741, new[] { 4032, 2432, 4722, 1506, 47 }, new[] { 50, 4943, 8192, 9704, 2094 }, 975)]
    [InlineData(800, new[] { 759, 697, 2, 105, 672 }, new[] { 792, 273, 165, 521, 790 }, 80)]
    public void The_split_is_the_one_that_the_program_made(int rows, int[] validation, int[] train, int size)
    {
        var split = PaperOrder.Split(rows);

        Assert.Equal(validation, split.Validation[..5]);
        Assert.Equal(train, split.Train[..5]);
        Assert.Equal(size, split.Validation.Length);
        Assert.Equal(rows - size, split.Train.Length);
    }

    // numpy.random.RandomState(0).permutation(10), and how that of 1,000 starts: where the program's SVAMP rows came from.
    [Fact]
    public void A_shuffle_is_numpys()
    {
        Assert.Equal([2, 8, 4, 9, 1, 6, 7, 3, 0, 5], PaperOrder.Shuffle(10));
        Assert.Equal([993, 859, 298, 553, 672], PaperOrder.Shuffle(1000)[..5]);
    }
}
