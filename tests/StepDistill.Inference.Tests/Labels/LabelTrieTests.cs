using CsCheck;
using StepDistill.Inference.Labels;

namespace StepDistill.Inference.Tests.Labels;

public sealed class LabelTrieTests
{
    private const int End = 1;

    private static readonly Gen<int[][]> Labels =
        Gen.Int[2, 5].Array[0, 4].Select(tokens => (int[])[.. tokens, End]).Array[1, 6];

    [Fact]
    public void What_labels_begin_with_alike_stands_once()
    {
        var trie = new LabelTrie(0, [[5, 7, End], [5, 9, End], [5, End], [8, End]]);
        var tokens = new long[6];
        trie.WriteTokens(tokens);

        Assert.Equal(5, trie.Count);
        Assert.Equal([0, 5, 7, 9, 8, 0], tokens);
    }

    [Fact]
    public void A_node_sees_its_ancestors_alone_at_their_distance_in_the_text() => Labels.Sample(labels =>
    {
        var trie = new LabelTrie(0, labels);
        var length = trie.Count + 2;
        var (tokens, offsets) = (new long[length], new long[length * length]);
        trie.WriteTokens(tokens);
        trie.WriteOffsets(offsets, length);
        var seen = new HashSet<string>();
        for (var query = 0; query < trie.Count; query++)
        {
            // The distances that are not ahead, farthest first, spell the text up to this node.
            var text = Enumerable.Range(0, length)
                .Select(key => (Distance: key - query + offsets[(query * length) + key], Token: tokens[key]))
                .Where(one => one.Distance <= 0)
                .OrderBy(one => one.Distance)
                .ToList();
            Assert.Equal(Enumerable.Range(1 - text.Count, text.Count), text.Select(one => (int)one.Distance));
            seen.Add(string.Join(' ', text.Select(one => one.Token)));
        }

        var prefixes = labels.SelectMany(label => Enumerable.Range(0, label.Length).Select(n => string.Join(' ', label.Take(n).Prepend(0)))).ToHashSet();
        Assert.Equal(prefixes.Order(), seen.Order());
    });

    [Fact]
    public void A_labels_score_is_the_sum_over_its_tokens_and_the_end_mark()
    {
        var trie = new LabelTrie(0, [[2, End], [End]]);
        float[] logits =
        [
            0, MathF.Log(3), MathF.Log(6), 0,       // after the start: 1, 3, 6, 1 of 11
            0, 0, 0, 0,                             // after token 2: a quarter each
        ];
        var scores = new double[2];
        trie.Score(logits, 4, scores);

        Assert.Equal(Math.Log(6 / 11.0) + Math.Log(0.25), scores[0], 1e-6);
        Assert.Equal(Math.Log(3 / 11.0), scores[1], 1e-6);
    }
}
