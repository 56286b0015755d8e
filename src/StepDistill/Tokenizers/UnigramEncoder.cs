using System.Buffers;

namespace StepDistill.Tokenizers;

/// <summary>Finds the most probable way to cut normalised text into pieces.</summary>
/// <remarks>
/// Viterbi over byte positions, as <c>EncodeOptimized</c> of google/sentencepiece v0.1.97, <c>src/unigram_model.cc</c>,
/// down to its arithmetic: best scores are 32-bit floats, while a candidate is a 64-bit one before it is compared. Ties
/// between cuts hang on that. Takes time linear in the text for a given vocabulary. Safe for concurrent use.
/// </remarks>
internal sealed class UnigramEncoder
{
    // Added to the lowest score of all pieces for a character that no piece covers (kUnkPenalty).
    private const float UnknownPenalty = 10;

    private readonly DoubleArray trie;
    private readonly double[] scores;
    private readonly PieceKind[] kinds;
    private readonly int unknownId;
    private readonly float unknownScore;
    private readonly float highestScore;
    private readonly int[]? byteIds;

    /// <summary>Prepares a vocabulary that <see cref="SentencePieceModel.Check"/> accepts.</summary>
    public UnigramEncoder(SentencePieceModel model)
    {
        var lowest = float.MaxValue;
        // FLT_MIN, the smallest normal positive number, is where SentencePiece starts, not the most negative one.
        highestScore = 1.17549435e-38f;
        scores = new double[model.Pieces.Count];
        kinds = new PieceKind[model.Pieces.Count];
        var keys = new Dictionary<byte[], int>(ByteText.Comparer);
        for (var id = 0; id < scores.Length; id++)
        {
            var (text, score, kind) = model.Pieces[id];
            scores[id] = score;
            kinds[id] = kind;
            if (kind == PieceKind.Normal)
            {
                lowest = score < lowest ? score : lowest;
                highestScore = score > highestScore ? score : highestScore;
            }
            else if (kind == PieceKind.Unknown)
            {
                unknownId = id;
            }
            else if (kind == PieceKind.Byte)
            {
                byteIds ??= new int[256];
                byteIds[ByteText.ByteOf(text)] = id;
            }

            // No text matches a piece with a zero byte: SentencePiece's trie ends its keys there.
            if (kind is PieceKind.Normal or PieceKind.UserDefined or PieceKind.Unused && !text.Contains((byte)0))
            {
                keys[text] = id;
            }
        }

        unknownScore = lowest - UnknownPenalty;
        trie = DoubleArray.Build(keys);
    }

    /// <summary>Cuts a text.</summary>
    /// <param name="normalized">Output of <see cref="TextNormalizer"/>.</param>
    /// <param name="ids">Where the pieces' ids are appended; a run of unknown characters gives one id.</param>
    public void Encode(ReadOnlySpan<byte> normalized, List<int> ids)
    {
        var size = normalized.Length;
        if (size == 0)
        {
            return;
        }

        var rentedNodes = ArrayPool<Node>.Shared.Rent(size + 1);
        var nodes = rentedNodes.AsSpan(0, size + 1);
        nodes.Fill(new Node { Start = -1 });
        nodes[0].Score = 0;
        for (var start = 0; start < size;)
        {
            var character = Math.Min(ByteText.CharacterLength(normalized[start]), size - start);
            Extend(normalized, nodes, start, character);
            start += character;
        }

        Collect(normalized, nodes, ids);
        ArrayPool<Node>.Shared.Return(rentedNodes);
    }

    // Tries every piece that starts here.
    private void Extend(ReadOnlySpan<byte> text, Span<Node> nodes, int start, int character)
    {
        var scoreHere = nodes[start].Score;
        var coversCharacter = false;
        var walk = trie.Start();
        for (var end = start; end < text.Length && walk.Step(text[end]); end++)
        {
            if (!walk.TryValue(out var id) || kinds[id] == PieceKind.Unused)
            {
                continue;
            }

            var length = end + 1 - start;
            // A user-defined piece gets a score that beats any other cut.
            var score = kinds[id] == PieceKind.UserDefined ? (length * highestScore) - 0.1 : scores[id];
            ref var node = ref nodes[end + 1];
            var candidate = score + scoreHere;
            if (node.Start == -1 || candidate > node.Score)
            {
                node = new Node { Score = (float)candidate, Start = start, Id = id };
            }

            coversCharacter |= length == character;
        }

        if (!coversCharacter)
        {
            ref var node = ref nodes[start + character];
            var candidate = unknownScore + scoreHere;
            if (node.Start == -1 || candidate > node.Score)
            {
                node = new Node { Score = candidate, Start = start, Id = unknownId };
            }
        }
    }

    private void Collect(ReadOnlySpan<byte> text, Span<Node> nodes, List<int> ids)
    {
        var first = ids.Count;
        var unknownAfter = false;
        for (var end = text.Length; end > 0; end = nodes[end].Start)
        {
            var unknown = nodes[end].Id == unknownId;
            if (unknown && byteIds is not null)
            {
                for (var i = end - 1; i >= nodes[end].Start; i--)
                {
                    ids.Add(byteIds[text[i]]);
                }
            }
            else if (!unknown || !unknownAfter)
            {
                ids.Add(nodes[end].Id);
            }

            unknownAfter = unknown;
        }

        ids.Reverse(first, ids.Count - first);
    }

    private struct Node
    {
        public float Score;
        public int Start;
        public int Id;
    }
}
