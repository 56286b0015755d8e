using StepDistill.Students;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Models.T5;

public sealed class T5WeightsTests
{
    [Theory]
    [MemberData(nameof(TinyNetworks.Each), MemberType = typeof(TinyNetworks))]
    public void Every_weight_has_a_published_name_of_its_own(T5Config config)
    {
        using var network = new T5Network(config, META);

        var names = T5Weights.Of(network).Select(w => w.Name).ToList();

        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.Contains("decoder.block.1.layer.1.EncDecAttention.q.weight", names);
    }
}
