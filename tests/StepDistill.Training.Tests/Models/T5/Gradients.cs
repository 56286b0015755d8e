using StepDistill.Batches;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Packed;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Models.T5;

/// <summary>Gradients of a few made-up examples, by either way, by name.</summary>
internal static class Gradients
{
    private static readonly LossShares Shares = new(0.04, 0.013);

    /// <summary>By this program's own backward pass.</summary>
    public static Dictionary<string, float[]> Packed(T5Network network, bool again = false)
    {
        network.LearningMemory.EnableGradients();
        using var frozen = no_grad();
        new PackedGradient(network).Add(Examples(network), Shares, 1, again);
        return Taken(network);
    }

    /// <summary>By the library's.</summary>
    public static Dictionary<string, float[]> Library(T5Network network)
    {
        network.LearningMemory.EnableGradients();
        new LibraryGradient(network).Add(Examples(network), Shares, 1, again: false);
        return Taken(network);
    }

    /// <summary>The logits of one batch.</summary>
    public static float[] Logits(T5Network network)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var ids = tensor(new long[] { 3, 7, 9, 1, 5, 6, 1, 0 }, [2, 4]);
        var targets = tensor(new long[] { 4, 8, 1, 2, 1, -100 }, [2, 3]);
        return network.forward(ids, ids > 0, network.DecoderIds(targets)).data<float>().ToArray();
    }

    /// <summary>‖a − b‖ / ‖b‖</summary>
    public static double Difference(float[] a, float[] b) =>
        Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * (x - y)).Sum() / Math.Max(1e-20, b.Sum(y => (double)y * y)));

    public static List<EncodedExample> Examples(T5Network network, int count = 7)
    {
        var random = new SplitMix64(5);
        var vocabulary = (ulong)network.Config.VocabularySize - 2;
        int[] Ids(int length) => [.. Enumerable.Range(0, length - 1).Select(_ => 2 + (int)(random.Next() % vocabulary)), 1];
        int Length() => 1 + (int)(random.Next() % 30);
        return
        [
            .. Enumerable.Range(0, count).Select(i => new EncodedExample(
                $"e{i}", new(Ids(Length()), Ids(1 + (i % 4))), i % 3 == 2 ? null : new(Ids(Length()), Ids(Length())))),
        ];
    }

    private static Dictionary<string, float[]> Taken(T5Network network)
    {
        var names = T5Weights.NamesOf(network);
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var gradients = network.LearningMemory.Weights.Where(placed => placed.Weight.requires_grad).ToDictionary(
            placed => names[placed.Weight], placed => placed.Weight.grad!.to_type(ScalarType.Float32).data<float>().ToArray());
        network.LearningMemory.Gradients!.zero_();
        return gradients;
    }
}
