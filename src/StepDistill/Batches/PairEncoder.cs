using StepDistill.Tokenizers;

namespace StepDistill.Batches;

/// <summary>Turns pairs of texts into token ids, cut to the lengths that the recipe allows.</summary>
/// <remarks>
/// As the paper's program does: special pieces written out in a text, such as the <c>&lt;/s&gt;</c> between premise and
/// hypothesis, become their ids; a text too long loses its end, and the end mark follows what is left.
/// </remarks>
/// <param name="tokenizer">The student's tokenizer.</param>
/// <param name="maxInputTokens">Length of a source at most, end mark included.</param>
/// <param name="maxTargetTokens">Length of a target at most, end mark included.</param>
/// <param name="rationaleStart">
/// Where the decoder marks the task, the id from which a rationale starts: both pairs then share one source. Null where
/// prefixes do.
/// </param>
public sealed class PairEncoder(Tokenizer tokenizer, int maxInputTokens, int maxTargetTokens, int? rationaleStart = null)
{
    /// <summary>Texts cut so far.</summary>
    public int CutTexts { get; private set; }

    /// <summary>Encodes one row's pairs; what its choices have in common is encoded, and kept, once.</summary>
    /// <param name="row">The pairs.</param>
    public EncodedRow Encode(TrainingRow row)
    {
        var choices = new List<EncodedExample>(row.Choices.Count);
        var sources = new Dictionary<string, int[]>(StringComparer.Ordinal);
        foreach (var example in row.Choices)
        {
            var label = row.Choices[0].Label == example.Label && choices.Count > 0
                ? choices[0].Label
                : Encode(example.Label, sources);
            choices.Add(new EncodedExample(
                example.ExampleId,
                label,
                example.Rationale is null ? null : Encode(example.Rationale, sources) with { Start = rationaleStart },
                example.Weight));
        }

        return new EncodedRow([.. choices]);
    }

    /// <summary>Encodes one text.</summary>
    /// <param name="tokenizer">The student's tokenizer.</param>
    /// <param name="text">The text, prefix included.</param>
    /// <param name="limit">Its length in tokens at most, end mark included.</param>
    public static int[] Encode(Tokenizer tokenizer, string text, int limit) =>
        WithEnd(tokenizer, tokenizer.EncodeMarked(text), limit);

    private EncodedPair Encode(TrainingPair pair, Dictionary<string, int[]> sources)
    {
        if (!sources.TryGetValue(pair.Source, out var source))
        {
            source = sources[pair.Source] = Encode(pair.Source, maxInputTokens);
        }

        return new EncodedPair(source, Encode(pair.Target, maxTargetTokens));
    }

    private int[] Encode(string text, int limit)
    {
        var ids = tokenizer.EncodeMarked(text);
        CutTexts += ids.Length < limit ? 0 : 1;
        return WithEnd(tokenizer, ids, limit);
    }

    private static int[] WithEnd(Tokenizer tokenizer, int[] ids, int limit) =>
        [.. ids.AsSpan(0, Math.Min(ids.Length, limit - 1)), tokenizer.EndId];
}
