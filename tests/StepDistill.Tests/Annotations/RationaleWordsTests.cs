using CsCheck;
using StepDistill.Annotations;

namespace StepDistill.Tests.Annotations;

public sealed class RationaleWordsTests
{
    [Fact]
    public void Words_are_what_white_space_parts() => Gen.String["a \n\t"].Sample(text =>
        Assert.Equal(text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length, RationaleWords.Count(text)));

    [Fact]
    public void Lengths_are_summed_up_as_if_all_were_at_hand() => Gen.Int[1, 60].List[1, 200].Sample(lengths =>
    {
        var counts = new SortedDictionary<int, long>(lengths.GroupBy(n => n).ToDictionary(group => group.Key, group => (long)group.Count()));
        lengths.Sort();
        var words = RationaleWords.Of(counts)!;
        Assert.Equal(lengths.Average(), words.Mean, 9);
        Assert.Equal(lengths[(int)Math.Ceiling(lengths.Count * 0.95) - 1], words.P95);
        Assert.Equal(lengths[^1], words.Max);
    });
}
