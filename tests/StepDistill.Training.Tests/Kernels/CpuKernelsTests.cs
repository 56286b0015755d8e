using StepDistill.Students;
using StepDistill.Training.Kernels;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Kernels;

public sealed class CpuKernelsTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Sums_have_the_same_bits_on_any_number_of_cores(ScalarType type)
    {
        try
        {
            Cores.Use(1);
            var one = Results(type);
            Cores.Use(4);
            var four = Results(type);

            Assert.Equal(one.Length, four.Length);
            Assert.All(one.Zip(four), pair => Assert.Equal(pair.First, pair.Second));
        }
        finally
        {
            Cores.Use(get_num_threads());
        }
    }

    [Fact]
    public void Tokens_beyond_the_last_sequence_take_no_part_in_attention()
    {
        using var scope = NewDisposeScope();
        var kernels = CpuKernels.Of(ScalarType.Float32);
        var spans = new AttentionSpans([new(0, 3, 0, 3), new(3, 2, 3, 2)], causal: true);
        var tensors = new AttentionTensors(randn(8, 3 * 2 * 4), null!, Heads: 2, Width: 4);
        tensors = tensors with { KeysAndValues = tensors.Queries };
        var output = full(8, 8, float.NaN);
        var gradient = full(8, 24, float.NaN);

        kernels.Attend(spans, tensors, null, output, Dropout.None);
        kernels.AttendBackward(spans, tensors, null, Dropout.None, ones(8, 8), new(gradient, gradient, 2, 4));

        Assert.All(output[5..].data<float>().Concat(gradient[5..].data<float>()), number => Assert.Equal(0, number));
        Assert.All(output[..5].data<float>().Concat(gradient[..5].data<float>()), number => Assert.True(float.IsFinite(number)));
    }

    [Fact]
    public void Other_types_are_refused() =>
        Assert.Contains("not for Float16", Assert.Throws<ArgumentException>("type", () => CpuKernels.Of(ScalarType.Float16)).Message, StringComparison.Ordinal);

    /// <summary>What the kernels that sum over tokens, or change numbers in place, make of random numbers.</summary>
    private static float[][] Results(ScalarType type)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(4);
        Tensor Random(params long[] shape) => randn(shape).to_type(type);
        const int tokens = 3000, width = 40, vocabulary = 700;
        var (kernels, dropout) = (CpuKernels.Of(type), Dropout.Of(0.1, 3));

        var (x, dy, scale, dx, dScale) = (Random(tokens, width), Random(tokens, width), Random(width), Random(tokens, width), Random(width));
        var (y, inverse) = (empty_like(x), new float[tokens]);
        kernels.Norm(x, scale, y, inverse, 1e-6);
        kernels.NormBackward(dy, x, scale, inverse, dx, dScale, add: true);

        var spans = new AttentionSpans([.. Enumerable.Range(0, 100).Select(i => new AttentionSpan(30 * i, 30, 30 * i, 30))], causal: false);
        var bias = new DistanceBias(new float[64], heads: 2, [.. Enumerable.Range(0, 59).Select(i => i / 2)]);
        var inputs = Random(tokens, 60);
        var tensors = new AttentionTensors(inputs, inputs, Heads: 2, Width: 10);
        var (output, slopes) = (Random(tokens, 20), empty_like(inputs));
        kernels.Attend(spans, tensors, bias, output, dropout);
        kernels.AttendBackward(spans, tensors, bias, dropout, output, new(slopes, slopes, 2, 10));

        var (hidden, active) = (Random(tokens, 2 * width), Random(tokens, width));
        kernels.ActivateBackward(hidden, active, T5FeedForwardKind.GatedGelu, dropout);

        var (table, ids) = (Random(50, width), Enumerable.Range(0, tokens).Select(i => i * i % 50).ToArray());
        kernels.EmbedBackward(dy, ids, table, dropout);

        var (logits, losses) = (Random(tokens, vocabulary), new double[tokens]);
        kernels.CrossEntropy(logits, ids, inverse, losses, 0.1);
        return
        [
            .. new[] { y, dx, dScale, output, slopes, hidden, active, table, logits }.Select(tensor => tensor.to_type(ScalarType.Float32).data<float>().ToArray()),
            bias.Gradient.ToArray(), [.. losses.Select(loss => (float)loss)],
        ];
    }
}
