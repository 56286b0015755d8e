using System.Text;

namespace StepDistill.Tokenizers;

/// <summary>
/// A vocabulary in training: pieces with the logarithms of their probabilities, and the words cut into them.
/// </summary>
/// <remarks>Two steps of training read it, each from several threads; it never changes.</remarks>
internal sealed class WeightedPieces
{
    // As when encoding: an uncovered character costs this much more than the rarest piece.
    private const double UnknownPenalty = 10;
    private const int Unknown = -1;

    private readonly DoubleArray trie;
    private readonly double[] scores;
    private readonly double unknownScore;

    /// <summary>Makes a vocabulary.</summary>
    /// <param name="pieces">Different texts, at least one, with the logarithms of their probabilities.</param>
    public WeightedPieces(IReadOnlyList<(string Text, double Score)> pieces)
        : this(pieces, null)
    {
    }

    private WeightedPieces(IReadOnlyList<(string Text, double Score)> pieces, DoubleArray? trie)
    {
        Pieces = pieces;
        scores = [.. pieces.Select(piece => piece.Score)];
        unknownScore = scores.Where(double.IsFinite).Min() - UnknownPenalty;
        this.trie = trie ?? DoubleArray.Build(
            pieces.Select((piece, i) => KeyValuePair.Create(Encoding.UTF8.GetBytes(piece.Text), i)));
    }

    /// <summary>The pieces; one whose score is -∞ no longer counts.</summary>
    public IReadOnlyList<(string Text, double Score)> Pieces { get; }

    /// <summary>Number of pieces that count.</summary>
    public int Count => scores.Count(double.IsFinite);

    /// <summary>The same pieces with other scores; one with -∞ is never used.</summary>
    public WeightedPieces With(double[] newScores) =>
        new([.. Pieces.Select((piece, i) => (piece.Text, newScores[i]))], trie);

    /// <summary>Adds to each piece how often it is expected in a word, over all cuts by their probability.</summary>
    /// <param name="word">UTF-8.</param>
    /// <param name="times">How often the word occurs.</param>
    /// <param name="expected">One number a piece.</param>
    /// <param name="lattice">Working space.</param>
    public void AddExpected(ReadOnlySpan<byte> word, double times, Span<double> expected, Lattice lattice)
    {
        Fill(word, lattice, skip: Unknown);
        var edges = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(lattice.Edges);
        var forward = lattice.Forward.AsSpan(0, word.Length + 1);
        var backward = lattice.Backward.AsSpan(0, word.Length + 1);
        forward.Fill(double.NegativeInfinity);
        backward.Fill(double.NegativeInfinity);
        forward[0] = 0;
        foreach (ref var edge in edges)
        {
            forward[edge.End] = LogOfSum(forward[edge.End], forward[edge.Start] + edge.Score);
        }

        backward[^1] = 0;
        for (var i = edges.Length - 1; i >= 0; i--)
        {
            backward[edges[i].Start] = LogOfSum(backward[edges[i].Start], edges[i].Score + backward[edges[i].End]);
        }

        var whole = forward[^1];
        foreach (ref var edge in edges)
        {
            if (edge.Piece != Unknown)
            {
                expected[edge.Piece] += times * Math.Exp(forward[edge.Start] + edge.Score + backward[edge.End] - whole);
            }
        }
    }

    /// <summary>Finds the most probable cut.</summary>
    /// <param name="word">UTF-8.</param>
    /// <param name="lattice">Working space.</param>
    /// <param name="cut">Receives the pieces, last first; -1 is a character that none covers.</param>
    /// <param name="skip">A piece that must not be used, or -1.</param>
    /// <returns>Logarithm of the cut's probability.</returns>
    public double BestCut(ReadOnlySpan<byte> word, Lattice lattice, List<int> cut, int skip = Unknown)
    {
        Fill(word, lattice, skip);
        var best = lattice.Forward.AsSpan(0, word.Length + 1);
        best.Fill(double.NegativeInfinity);
        best[0] = 0;
        var arrival = lattice.Arrival.AsSpan(0, word.Length + 1);
        for (var i = 0; i < lattice.Edges.Count; i++)
        {
            var edge = lattice.Edges[i];
            if (best[edge.Start] + edge.Score > best[edge.End])
            {
                best[edge.End] = best[edge.Start] + edge.Score;
                arrival[edge.End] = i;
            }
        }

        cut.Clear();
        for (var end = word.Length; end > 0; end = lattice.Edges[arrival[end]].Start)
        {
            cut.Add(lattice.Edges[arrival[end]].Piece);
        }

        return best[^1];
    }

    private void Fill(ReadOnlySpan<byte> word, Lattice lattice, int skip)
    {
        lattice.Clear(word.Length);
        for (var start = 0; start < word.Length;)
        {
            var character = ByteText.CharacterLength(word[start]);
            var covered = false;
            var walk = trie.Start();
            for (var end = start; end < word.Length && walk.Step(word[end]); end++)
            {
                if (walk.TryValue(out var piece) && piece != skip && double.IsFinite(scores[piece]))
                {
                    lattice.Edges.Add(new Edge(start, end + 1, piece, scores[piece]));
                    covered |= end + 1 - start == character;
                }
            }

            if (!covered)
            {
                lattice.Edges.Add(new Edge(start, start + character, Unknown, unknownScore));
            }

            start += character;
        }
    }

    private static double LogOfSum(double x, double y)
    {
        var (low, high) = x < y ? (x, y) : (y, x);
        // Below e^-50 the smaller term is lost in the larger one's last digit.
        return low < high - 50 ? high : high + Math.Log(1 + Math.Exp(low - high));
    }

    /// <summary>One piece at one place of a word, from a byte to a byte.</summary>
    internal readonly record struct Edge(int Start, int End, int Piece, double Score);

    /// <summary>Working space for one thread.</summary>
    internal sealed class Lattice
    {
        public List<Edge> Edges { get; } = [];

        public double[] Forward { get; private set; } = [];

        public double[] Backward { get; private set; } = [];

        public int[] Arrival { get; private set; } = [];

        public void Clear(int length)
        {
            Edges.Clear();
            if (Forward.Length <= length)
            {
                Forward = new double[2 * (length + 1)];
                Backward = new double[Forward.Length];
                Arrival = new int[Forward.Length];
            }
        }
    }
}
