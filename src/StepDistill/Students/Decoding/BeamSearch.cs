namespace StepDistill.Students.Decoding;

/// <summary>The texts that are being written for one input, several side by side.</summary>
/// <remarks>
/// As transformers v4.24's <c>BeamSearchScorer</c> with length penalty 1 and no early stopping: a text's score is the sum of
/// its tokens' log-probabilities over its length, and an input is done when no open text, with the length it has now, scores
/// above the worst of as many ended ones as there are beams. Whoever runs the network gives the best ways to go on.
/// </remarks>
public sealed class BeamSearch
{
    // Until the first step all beams are the same text; this keeps all but one from being chosen.
    private const float Excluded = -1e9f;

    private readonly int endId;
    private readonly int vocabularySize;
    private readonly List<(double Score, int[] Tokens)> ended = [];
    private double worst = double.PositiveInfinity;

    /// <summary>Begins with the start token alone.</summary>
    /// <param name="config">Gives the end mark and the size of the vocabulary.</param>
    /// <param name="beams">Texts written side by side.</param>
    /// <param name="startId">The start token.</param>
    public BeamSearch(T5Config config, int beams, int startId)
    {
        endId = config.EndId;
        vocabularySize = config.VocabularySize;
        Texts = [.. Enumerable.Range(0, beams).Select(i => new Text(i, [], startId, i == 0 ? 0 : Excluded))];
    }

    /// <summary>The open texts, as many as there are beams.</summary>
    public IReadOnlyList<Text> Texts { get; private set; }

    /// <summary>Whether no open text can become the best any more.</summary>
    public bool Done { get; private set; }

    /// <summary>Lets each text go on with its best next tokens, and puts aside those that end.</summary>
    /// <param name="scores">[2 · beams], best first: sums of log-probabilities.</param>
    /// <param name="candidates">[2 · beams]: text · V + token.</param>
    /// <param name="length">Tokens of the open texts, the start token included.</param>
    public void Extend(ReadOnlySpan<float> scores, ReadOnlySpan<long> candidates, int length)
    {
        var next = new List<Text>(Texts.Count);
        for (var rank = 0; next.Count < Texts.Count; rank++)
        {
            var (parent, token) = ((int)(candidates[rank] / vocabularySize), (int)(candidates[rank] % vocabularySize));
            if (token != endId)
            {
                next.Add(new Text(parent, [.. Texts[parent].Tokens, token], token, scores[rank]));
            }
            else if (rank < Texts.Count)
            {
                End(Texts[parent].Tokens, (double)scores[rank] / length);
            }
        }

        Texts = next;
        Done = ended.Count >= Texts.Count && worst >= (double)scores[0] / length;
    }

    /// <summary>The best text, ended or cut.</summary>
    /// <param name="maxLength">The length at which open texts were cut, the start token included.</param>
    public int[] Best(int maxLength)
    {
        if (!Done)
        {
            foreach (var text in Texts)
            {
                End(text.Tokens, (double)text.Score / (text.Tokens.Length + 1));
            }
        }

        var best = ended[0];
        foreach (var text in ended)
        {
            best = text.Score >= best.Score ? text : best;
        }

        return best.Tokens.Length + 1 < maxLength ? [.. best.Tokens, endId] : best.Tokens;
    }

    /// <summary>Keeps as many ended texts as there are beams: the best.</summary>
    private void End(int[] tokens, double score)
    {
        if (ended.Count >= Texts.Count && score <= worst)
        {
            return;
        }

        ended.Add((score, tokens));
        if (ended.Count > Texts.Count)
        {
            ended.Remove(ended.MinBy(text => text.Score));
        }

        worst = ended.Min(text => text.Score);
    }

    /// <summary>A text that has not ended.</summary>
    /// <param name="Parent">Number of the text, among those of the step before, that it goes on from.</param>
    /// <param name="Tokens">Its tokens after the start token.</param>
    /// <param name="Last">Its last token, or the start token.</param>
    /// <param name="Score">Sum of its tokens' log-probabilities.</param>
    public sealed record Text(int Parent, int[] Tokens, int Last, float Score);
}
