using StepDistill.Files;

namespace StepDistill.Batches;

/// <summary>One pair as token ids, end marks included.</summary>
/// <param name="Source">The encoder's ids. Where both pairs of an example hold the very same array, one encoder pass serves both.</param>
/// <param name="Target">The ids that the decoder learns to write.</param>
/// <param name="Start">The decoder's first id; null for the one of the student's configuration.</param>
public sealed record EncodedPair(int[] Source, int[] Target, int? Start = null);

/// <summary>All pairs of one example as token ids, as a training step sees them; see <see cref="TrainingExample"/>.</summary>
/// <param name="ExampleId">The example.</param>
/// <param name="Label">The label pair.</param>
/// <param name="Rationale">The rationale pair, or null.</param>
/// <param name="Weight">How much the example's losses count; the mean over a training set is 1.</param>
public sealed record EncodedExample(string ExampleId, EncodedPair Label, EncodedPair? Rationale, double Weight = 1)
{
    /// <summary>Tokens of its targets and of the sources that are encoded for them.</summary>
    public int TokenCount => Label.Source.Length + Label.Target.Length + (Rationale is null ? 0
        : Rationale.Target.Length + (ReferenceEquals(Label.Source, Rationale.Source) ? 0 : Rationale.Source.Length));
}

/// <summary>One row of a training set as token ids; see <see cref="TrainingRow"/>.</summary>
/// <param name="Choices">The same example with each of its rationales; at least one.</param>
public sealed record EncodedRow(IReadOnlyList<EncodedExample> Choices)
{
    /// <summary>The example as one epoch trains it, so that several rationales cost no more than one.</summary>
    /// <remarks>
    /// Source: Li et al. 2023, arXiv 2306.14050, who train on many sampled rationales of each input. An epoch's is a pure
    /// function of seed, epoch and id: the first is drawn, the others follow in turn, so that all are trained equally often.
    /// </remarks>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="seed">The run's seed.</param>
    public EncodedExample In(int epoch, int seed)
    {
        if (Choices.Count == 1)
        {
            return Choices[0];
        }

        var first = (long)(ContentHash.Share("first rationale", $"{seed}", Choices[0].ExampleId) * Choices.Count);
        return Choices[(int)((first + epoch) % Choices.Count)];
    }
}
