using System.Globalization;
using StepDistill.Batches;
using StepDistill.Students;

namespace StepDistill.Benchmarks.TrainSteps;

/// <summary>Examples with the lengths of CommonsenseQA with PaLM 540B's rationales, and made-up token ids.</summary>
/// <remarks>
/// The table holds T5's own token counts, prefixes and end marks included, for the 9,741 training rows of CoS-E v1.11 and
/// PaLM's published answers. Ids follow Zipf's law; a target repeats tokens of its source, so that there is something to
/// learn.
/// </remarks>
internal static class Workload
{
    private static readonly (int Source, int Label, int Rationale)[] Lengths = Read();

    /// <summary>A step's examples.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="count">How many examples.</param>
    /// <param name="config">Gives the size of the vocabulary.</param>
    public static List<EncodedExample> Batch(int step, int count, T5Config config) =>
        [.. Enumerable.Range(step * count, count).Select(i => Example(i, config))];

    /// <summary>Products of the matrices that one step needs, in floating-point operations: real tokens, forward and backward.</summary>
    public static double Operations(IEnumerable<EncodedExample> examples, T5Config config)
    {
        double inner = config.Heads * config.HeadWidth, width = config.Width;
        var feedForward = (config.FeedForward == T5FeedForwardKind.Relu ? 2 : 3) * width * config.FeedForwardWidth;
        double Pair(int source, int target)
        {
            var encoder = source * ((4 * width * inner) + feedForward + (2 * source * inner));
            var decoder = target * ((6 * width * inner) + feedForward + (2 * (source + target) * inner)) + (source * 2 * width * inner);
            return (config.EncoderBlocks * encoder) + (config.DecoderBlocks * decoder) + (target * width * config.VocabularySize);
        }

        return 3 * 2 * examples.Sum(e => Pair(e.Label.Source.Length, e.Label.Target.Length)
            + (e.Rationale is { } rationale ? Pair(rationale.Source.Length, rationale.Target.Length) : 0));
    }

    private static EncodedExample Example(int number, T5Config config)
    {
        var lengths = Lengths[number % Lengths.Length];
        var random = new SplitMix64((ulong)number);
        var source = Ids(lengths.Source, ref random, config.VocabularySize);
        int[] Target(int length, ref SplitMix64 random)
        {
            var ids = new int[length];
            for (var i = 0; i < length - 1; i++)
            {
                ids[i] = source[(int)(random.Next() % (ulong)(source.Length - 1))];
            }

            ids[^1] = config.EndId;
            return ids;
        }

        int[] Marked(int mark) => [mark, .. source.AsSpan(1)];
        var label = new EncodedPair(Marked(5), Target(lengths.Label, ref random));
        return new EncodedExample(
            $"{number}", label, lengths.Rationale == 0 ? null : new(Marked(6), Target(lengths.Rationale, ref random)));
    }

    private static int[] Ids(int length, ref SplitMix64 random, int vocabulary)
    {
        var ids = new int[length];
        for (var i = 0; i < length - 1; i++)
        {
            // Zipf: the rank's logarithm is uniform.
            ids[i] = 6 + (int)Math.Exp((random.Next() >> 11) * (1.0 / (1UL << 53)) * Math.Log(vocabulary - 8));
        }

        ids[^1] = 1;
        return ids;
    }

    private static (int Source, int Label, int Rationale)[] Read()
    {
        using var stream = typeof(Workload).Assembly.GetManifestResourceStream("cqa-lengths.csv")!;
        using var reader = new StreamReader(stream);
        return
        [
            .. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
                .Select(line => line.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray())
                .Select(n => (n[0], n[1], n[3])),
        ];
    }
}
