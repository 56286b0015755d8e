using StepDistill.Tokenizers;

namespace StepDistill.Batches;

/// <summary>One pair as token ids, end marks included.</summary>
/// <param name="Source">The encoder's ids.</param>
/// <param name="Target">The ids that the decoder learns to write.</param>
public sealed record EncodedPair(int[] Source, int[] Target);

/// <summary>All pairs of one example as token ids; see <see cref="TrainingExample"/>.</summary>
/// <param name="ExampleId">The example.</param>
/// <param name="Label">The label pair.</param>
/// <param name="Rationale">The rationale pair, or null.</param>
public sealed record EncodedExample(string ExampleId, EncodedPair Label, EncodedPair? Rationale)
{
    /// <summary>Tokens of all its sources and targets.</summary>
    public int TokenCount => Count(Label) + (Rationale is null ? 0 : Count(Rationale));

    private static int Count(EncodedPair pair) => pair.Source.Length + pair.Target.Length;
}

/// <summary>Turns pairs of texts into token ids, cut to the lengths that the recipe allows.</summary>
/// <remarks>
/// As the paper's program does: special pieces written out in a text, such as the <c>&lt;/s&gt;</c> between premise and
/// hypothesis, become their ids; a text too long loses its end, and the end mark follows what is left.
/// </remarks>
/// <param name="tokenizer">The student's tokenizer.</param>
/// <param name="maxInputTokens">Length of a source at most, end mark included.</param>
/// <param name="maxTargetTokens">Length of a target at most, end mark included.</param>
public sealed class PairEncoder(Tokenizer tokenizer, int maxInputTokens, int maxTargetTokens)
{
    /// <summary>Texts cut so far.</summary>
    public int CutTexts { get; private set; }

    /// <summary>Encodes one example's pairs.</summary>
    /// <param name="example">The pairs.</param>
    public EncodedExample Encode(TrainingExample example) =>
        new(example.ExampleId, Encode(example.Label), example.Rationale is null ? null : Encode(example.Rationale));

    /// <summary>Encodes one text.</summary>
    /// <param name="tokenizer">The student's tokenizer.</param>
    /// <param name="text">The text, prefix included.</param>
    /// <param name="limit">Its length in tokens at most, end mark included.</param>
    public static int[] Encode(Tokenizer tokenizer, string text, int limit) =>
        WithEnd(tokenizer, tokenizer.EncodeMarked(text), limit);

    private EncodedPair Encode(TrainingPair pair) =>
        new(Encode(pair.Source, maxInputTokens), Encode(pair.Target, maxTargetTokens));

    private int[] Encode(string text, int limit)
    {
        var ids = tokenizer.EncodeMarked(text);
        CutTexts += ids.Length < limit ? 0 : 1;
        return WithEnd(tokenizer, ids, limit);
    }

    private static int[] WithEnd(Tokenizer tokenizer, int[] ids, int limit) =>
        [.. ids.AsSpan(0, Math.Min(ids.Length, limit - 1)), tokenizer.EndId];
}
