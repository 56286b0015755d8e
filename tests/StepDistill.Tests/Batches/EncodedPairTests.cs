using CsCheck;
using StepDistill.Batches;

namespace StepDistill.Tests.Batches;

public sealed class EncodedPairTests
{
    [Fact]
    public void Each_of_several_rationales_is_trained_equally_often() =>
        Gen.Select(Gen.Int[1, 7], Gen.Int, Gen.Int[0, 1000], Gen.Int).Sample((choices, id, epoch, seed) =>
        {
            var row = Row($"{id}", choices);
            var seen = Enumerable.Range(epoch, choices).Select(e => row.In(e, seed)).ToList();
            Assert.Equal(row.Choices, seen.OrderBy(example => example.Weight));
            Assert.Same(seen[0], row.In(epoch, seed));
        });

    [Fact]
    public void The_first_one_is_drawn_by_seed_and_id()
    {
        var first = Enumerable.Range(0, 3000).Select(id => Row($"{id}", 3).In(0, seed: 5).Weight).ToList();
        Assert.All(first.CountBy(weight => weight), count => Assert.InRange(count.Value, 900, 1100));
        Assert.InRange(Enumerable.Range(0, 3000).Count(id => Row($"{id}", 3).In(0, seed: 6).Weight == first[id]), 900, 1100);
    }

    private static EncodedRow Row(string id, int choices) =>
        new([.. Enumerable.Range(0, choices).Select(number => new EncodedExample(id, new([1], [1]), null, number))]);
}
