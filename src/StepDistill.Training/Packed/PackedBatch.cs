using StepDistill.Batches;
using StepDistill.Students;
using StepDistill.Training.Kernels;
using StepDistill.Training.Objectives;

namespace StepDistill.Training.Packed;

/// <summary>Some examples as one row of source tokens and one of target tokens, without padding.</summary>
/// <remarks>
/// Both tasks of an example go through encoder and decoder together. Where they share one source, it is encoded once.
/// A few padding tokens at the very end, which belong to no sequence and weigh nothing, make the number of tokens a round
/// one: the library compiles a product for each new shape, and at small batches that took a fifth of a step.
/// </remarks>
internal sealed class PackedBatch
{
    private PackedBatch(
        int[] sourceIds, AttentionSpans sourceSpans, int[] targetIds, AttentionSpans targetSpans, AttentionSpans crossSpans,
        int[] targets, float[] weights, bool[] isRationale, IReadOnlyList<ExampleRows> examples)
    {
        (SourceIds, SourceSpans) = (sourceIds, sourceSpans);
        (TargetIds, TargetSpans, CrossSpans) = (targetIds, targetSpans, crossSpans);
        (Targets, Weights, IsRationale, Examples) = (targets, weights, isRationale, examples);
    }

    /// <summary>What the encoder reads, source after source.</summary>
    public int[] SourceIds { get; }

    /// <summary>Each source to itself.</summary>
    public AttentionSpans SourceSpans { get; }

    /// <summary>What the decoder reads: for each target its start id, then all but its last token.</summary>
    public int[] TargetIds { get; }

    /// <summary>Each target to its own past.</summary>
    public AttentionSpans TargetSpans { get; }

    /// <summary>Each target to its source.</summary>
    public AttentionSpans CrossSpans { get; }

    /// <summary>The tokens that should follow those of <see cref="TargetIds"/>; padding at the end weighs nothing.</summary>
    public int[] Targets { get; }

    /// <summary>What each target token's loss counts in the joined loss.</summary>
    public float[] Weights { get; }

    /// <summary>Whether each real target token is a rationale's.</summary>
    public bool[] IsRationale { get; }

    /// <summary>Where each example's targets stand.</summary>
    public IReadOnlyList<ExampleRows> Examples { get; }

    /// <summary>Packs some examples.</summary>
    /// <param name="examples">The examples, at least one.</param>
    /// <param name="config">Gives the decoder's start id.</param>
    /// <param name="shares">What a token of each task counts.</param>
    public static PackedBatch Of(IReadOnlyList<EncodedExample> examples, T5Config config, LossShares shares)
    {
        List<int> sources = [], inputs = [], targets = [];
        List<AttentionSpan> sourceSpans = [], targetSpans = [], crossSpans = [];
        List<float> weights = [];
        List<bool> isRationale = [];
        List<ExampleRows> rows = [];
        foreach (var example in examples)
        {
            rows.Add(new(targets.Count, example.Label.Target.Length, example.Rationale?.Target.Length ?? 0));
            AddSource(example.Label.Source);
            AddTarget(example.Label, shares.Label * example.Weight, rationale: false);
            if (example.Rationale is { } rationale)
            {
                if (!ReferenceEquals(rationale.Source, example.Label.Source))
                {
                    AddSource(rationale.Source);
                }

                AddTarget(rationale, shares.Rationale * example.Weight, rationale: true);
            }
        }

        return new PackedBatch(
            Rounded(sources, config.PadId), new AttentionSpans(sourceSpans, causal: false),
            Rounded(inputs, config.PadId), new AttentionSpans(targetSpans, causal: true), new AttentionSpans(crossSpans, causal: false),
            Rounded(targets, config.PadId), Rounded(weights, 0), [.. isRationale], rows);

        static T[] Rounded<T>(List<T> tokens, T padding)
        {
            // Up to sixteen sizes between a number and its double: three in a hundred tokens too many on average. Where products
            // are large, compiling one is cheap beside it, and tokens too many are not: never more than 63 of them.
            var unit = Math.Clamp((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)tokens.Count + 1) / 32, 16, 64);
            return [.. tokens, .. Enumerable.Repeat(padding, (unit - (tokens.Count % unit)) % unit)];
        }

        void AddSource(int[] ids)
        {
            sourceSpans.Add(new(sources.Count, ids.Length, sources.Count, ids.Length));
            sources.AddRange(ids);
        }

        void AddTarget(EncodedPair pair, double share, bool rationale)
        {
            var (ids, source) = (pair.Target, sourceSpans[^1]);
            targetSpans.Add(new(inputs.Count, ids.Length, inputs.Count, ids.Length));
            crossSpans.Add(new(inputs.Count, ids.Length, source.KeyStart, source.Keys));
            inputs.Add(pair.Start ?? config.StartId);
            inputs.AddRange(ids.AsSpan(..^1));
            targets.AddRange(ids);
            weights.AddRange(Enumerable.Repeat((float)share, ids.Length));
            isRationale.AddRange(Enumerable.Repeat(rationale, ids.Length));
        }
    }
}

/// <summary>An example's target tokens in a packed batch: its label's, and then its rationale's.</summary>
/// <param name="Start">The label's first.</param>
/// <param name="Labels">The label's.</param>
/// <param name="Rationales">The rationale's; 0 where there is none.</param>
internal readonly record struct ExampleRows(int Start, int Labels, int Rationales)
{
    /// <summary>The token after the last one.</summary>
    public int End => Start + Labels + Rationales;
}
