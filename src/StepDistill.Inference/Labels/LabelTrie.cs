namespace StepDistill.Inference.Labels;

/// <summary>The token texts of some labels as a tree: what they begin with alike is read once.</summary>
/// <remarks>
/// Node 0 is the start token; every other node is a token that some labels have there. A label's probability is that of its
/// tokens one after another, the end mark last, so the end mark needs no node of its own: nothing is read after it.
/// </remarks>
internal sealed class LabelTrie
{
    private readonly List<int> tokens = [];
    private readonly List<int> parents = [];
    private readonly List<int> depths = [];
    private readonly (int Node, int Token)[][] steps;

    /// <summary>Builds the tree.</summary>
    /// <param name="startId">The token that the decoder starts from.</param>
    /// <param name="labels">The tokens of each label, end mark included; at least one label.</param>
    public LabelTrie(int startId, IReadOnlyList<int[]> labels)
    {
        Add(startId, parent: -1);
        var children = new Dictionary<(int Parent, int Token), int>();
        steps = new (int, int)[labels.Count][];
        for (var label = 0; label < labels.Count; label++)
        {
            var node = 0;
            steps[label] = new (int, int)[labels[label].Length];
            for (var i = 0; i < labels[label].Length; i++)
            {
                var token = labels[label][i];
                steps[label][i] = (node, token);
                if (i + 1 < labels[label].Length)
                {
                    node = children.TryGetValue((node, token), out var known) ? known : children[(node, token)] = Add(token, node);
                }
            }
        }
    }

    /// <summary>T: how many nodes there are.</summary>
    public int Count => tokens.Count;

    /// <summary>How many labels there are.</summary>
    public int Labels => steps.Length;

    /// <summary>Writes the nodes' tokens into [T] or more places; what is too many gets the start token.</summary>
    public void WriteTokens(Span<long> places)
    {
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = tokens[i < Count ? i : 0];
        }
    }

    /// <summary>Writes what is added to the distance from each node to each, so that it sees its ancestors alone, at their distance in the text.</summary>
    /// <param name="places">[length, length]</param>
    /// <param name="length">T or more.</param>
    public void WriteOffsets(Span<long> places, int length)
    {
        for (var query = 0; query < length; query++)
        {
            var row = places.Slice(query * length, length);
            for (var key = 0; key < length; key++)
            {
                row[key] = 1 - (key - query);                                       // one ahead: not seen
            }

            row[query] = 0;
            for (var node = query; node > 0 && node < Count; node = parents[node])
            {
                var ancestor = parents[node];
                row[ancestor] = depths[ancestor] - depths[query] - (ancestor - query);
            }
        }
    }

    /// <summary>The log-probability of each label.</summary>
    /// <param name="logits">[T or more, V]</param>
    /// <param name="vocabulary">V</param>
    /// <param name="result">[labels]</param>
    public void Score(ReadOnlySpan<float> logits, int vocabulary, Span<double> result)
    {
        Span<double> sums = Count <= 256 ? stackalloc double[Count] : new double[Count];
        for (var node = 0; node < Count; node++)
        {
            sums[node] = Sessions.LogSum.Of(logits.Slice(node * vocabulary, vocabulary));
        }

        for (var label = 0; label < steps.Length; label++)
        {
            result[label] = 0;
            foreach (var (node, token) in steps[label])
            {
                result[label] += logits[(node * vocabulary) + token] - sums[node];
            }
        }
    }

    private int Add(int token, int parent)
    {
        tokens.Add(token);
        parents.Add(parent);
        depths.Add(parent < 0 ? 0 : depths[parent] + 1);
        return tokens.Count - 1;
    }
}
