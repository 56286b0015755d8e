using System.Runtime.InteropServices;
using StepDistill.Students;
using StepDistill.Students.Weights;
using StepDistill.Tasks;
using StepDistill.Tokenizers;

namespace StepDistill.Inference.Tests;

/// <summary>A student's folder with random weights and a vocabulary of made-up words: its speed is that of a trained one.</summary>
internal static class RandomStudent
{
    private const int Words = 2000;

    /// <summary>Labels of two tokens and an end mark, as those of CommonsenseQA have on average.</summary>
    public static readonly string[] Labels = ["dadegu kofeda", "fafino pebire", "lovana ditati", "sutive linabu", "sorife tanugi"];

    /// <summary>Rows of the smallest vocabulary that holds every word: what it writes then is words.</summary>
    public const int FewestRows = 2304;

    /// <summary>Writes it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="size">Such as <c>tiny</c>.</param>
    /// <param name="rows">Rows of its vocabulary.</param>
    public static StudentFolder Write(string folder, string size, int rows = 32_128)
    {
        var config = T5Sizes.Named($"t5-v1_1-{size}") with { VocabularySize = rows };
        StudentFolder.Begin(folder);
        T5ConfigFile.Write(folder, config);
        var random = new Random(1);
        SafetensorsFile.Write(
            Path.Combine(folder, StudentFolder.WeightsName),
            Shapes(config).Select(weight => new WeightTensor(weight.Name, WeightType.F32, weight.Shape)),
            (tensor, stream) =>
            {
                var values = new float[tensor.Count];
                var size = Deviation(tensor, config);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = (float)(tensor.Shape.Count == 1 ? 1 : size * Normal(random));
                }

                stream.Write(MemoryMarshal.AsBytes<float>(values));
            });
        Vocabulary().Save(folder);
        return StudentFolder.Seal(folder, new StudentManifest
        {
            Name = $"random-{size}",
            Task = new("random", AnswerKind.Label, Labels),
            Arm = "step-by-step",
            LabelPrefix = "",
            RationalePrefix = "fimizo ",
            MaxInputTokens = 512,
            Lineage = new() { Recipe = new string('0', 64), Examples = 0, Steps = 0, Seed = 1 },
        });
    }

    /// <summary>A text of so many tokens, the end mark included.</summary>
    public static string Text(int tokens, int seed)
    {
        var random = new Random(seed);
        return string.Join(' ', Enumerable.Range(0, tokens - 1).Select(_ => Word(random)));
    }

    // As T5 draws them: with larger queries a network this deep is chaos, and two programs' rounding grows into other words.
    private static double Deviation(WeightTensor tensor, T5Config config) => tensor.Name switch
    {
        "shared.weight" => 1,
        var name when name.EndsWith(".q.weight", StringComparison.Ordinal) => 1 / Math.Sqrt((double)config.Width * config.HeadWidth),
        _ => 1 / Math.Sqrt(tensor.Shape[^1]),
    };

    /// <summary>A word of its vocabulary, one token.</summary>
    /// <remarks>Three syllables at random: digits would be tokens of their own, and words that share their parts would fall into them.</remarks>
    public static string Word(int number)
    {
        var mixed = unchecked((uint)(number + 1) * 2654435761);
        return Syllable(mixed % 70) + Syllable(mixed / 70 % 70) + Syllable(mixed / 4900 % 70);
    }

    private static string Word(Random random) => Word(random.Next(Words));

    private static string Syllable(uint number) => $"{"bdfgklmnprstvz"[(int)number / 5]}{"aeiou"[(int)number % 5]}";

    // Every word is written often enough to become a piece of its own.
    private static Tokenizer Vocabulary() => UnigramTrainer.Train(
        Enumerable.Range(0, 20).Select(_ => string.Join(' ', Enumerable.Range(0, Words).Select(Word))), Words + 200);

    private static double Normal(Random random)
    {
        var (one, other) = (random.NextDouble(), random.NextDouble());
        return Math.Sqrt(-2 * Math.Log(1 - one)) * Math.Cos(2 * Math.PI * other);
    }

    private static IEnumerable<(string Name, long[] Shape)> Shapes(T5Config c)
    {
        long inner = c.Heads * c.HeadWidth;
        yield return ("shared.weight", [c.VocabularySize, c.Width]);
        yield return ("lm_head.weight", [c.VocabularySize, c.Width]);
        foreach (var (stack, blocks) in new[] { ("encoder", c.EncoderBlocks), ("decoder", c.DecoderBlocks) })
        {
            yield return ($"{stack}.final_layer_norm.weight", [c.Width]);
            yield return ($"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", [c.PositionBuckets, c.Heads]);
            for (var block = 0; block < blocks; block++)
            {
                string[] attentions = stack == "encoder" ? ["SelfAttention"] : ["SelfAttention", "EncDecAttention"];
                for (var layer = 0; layer <= attentions.Length; layer++)
                {
                    var name = $"{stack}.block.{block}.layer.{layer}";
                    yield return ($"{name}.layer_norm.weight", [c.Width]);
                    if (layer < attentions.Length)
                    {
                        yield return ($"{name}.{attentions[layer]}.q.weight", [inner, c.Width]);
                        yield return ($"{name}.{attentions[layer]}.k.weight", [inner, c.Width]);
                        yield return ($"{name}.{attentions[layer]}.v.weight", [inner, c.Width]);
                        yield return ($"{name}.{attentions[layer]}.o.weight", [c.Width, inner]);
                        continue;
                    }

                    yield return ($"{name}.DenseReluDense.wi_0.weight", [c.FeedForwardWidth, c.Width]);
                    yield return ($"{name}.DenseReluDense.wi_1.weight", [c.FeedForwardWidth, c.Width]);
                    yield return ($"{name}.DenseReluDense.wo.weight", [c.Width, c.FeedForwardWidth]);
                }
            }
        }
    }
}
