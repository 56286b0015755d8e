using System.Text;

namespace StepDistill.Tokenizers;

/// <summary>Trains a vocabulary from text, for students that start from random weights.</summary>
/// <remarks>
/// SentencePiece's Unigram training (Kudo 2018, https://arxiv.org/abs/1804.10959; google/sentencepiece v0.1.97,
/// <c>src/unigram_model_trainer.cc</c>): substrings that occur often are the first vocabulary; expectation-maximisation
/// with the digamma function finds their probabilities; the quarter that would be missed least is dropped; and so on,
/// until the size is right. Equal texts in equal order give equal vocabularies. The trained model reads in
/// SentencePiece and encodes there as it does here.
/// </remarks>
public static class UnigramTrainer
{
    private const int Marks = 3;
    private const int RoundsBetweenPruning = 2;
    private const double Kept = 0.75;
    // Training ends a little above the size wanted, and the last pieces go by their score alone.
    private const double Headroom = 1.1;
    // A piece expected less often than this is dropped at once.
    private const double RarestExpected = 0.5;
    // Words are shared out in a fixed way, so that sums do not depend on how many threads there are.
    private const int Shares = 8;

    /// <summary>
    /// Trains a tokenizer whose pieces 0, 1 and 2 are padding, end mark and the unknown, with 100 sentinels.
    /// </summary>
    /// <param name="texts">
    /// The texts, one example each; written-out marks in them end a word and are not learned.
    /// </param>
    /// <param name="vocabulary">
    /// Number of pieces wanted, the three marks included and the sentinels not. Where the text does not hold as many,
    /// the result has fewer: see <see cref="Tokenizer.PieceCount"/>.
    /// </param>
    /// <param name="characterCoverage">
    /// Share of all characters in the text that get a piece, above 0 and up to 1; the rarest rest becomes unknown.
    /// </param>
    /// <param name="cancellation">Stops the training.</param>
    /// <exception cref="StepDistillException">The texts are empty, or hold more characters than pieces are
    /// wanted.</exception>
    public static Tokenizer Train(
        IEnumerable<string> texts,
        int vocabulary,
        double characterCoverage = 0.9995,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabulary);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(characterCoverage);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(characterCoverage, 1);
        var rules = new NormalizerRules { Name = "stepdistill", CharacterMap = TrainingCharacters.Map };
        var text = TrainingText.Read(texts, new TextNormalizer(rules), characterCoverage, cancellation);
        if (text.Words.Count == 0)
        {
            throw new StepDistillException(
                "The vocabulary cannot be trained: the texts hold nothing but white space. Check which files and "
                + "fields the recipe's task names.");
        }

        if (text.Characters.Count + Marks > vocabulary)
        {
            throw new StepDistillException(
                $"A vocabulary of {vocabulary} pieces is too small for these texts: they have {text.Characters.Count} "
                + $"different characters, and {Marks} marks come on top. Ask for at least "
                + $"{text.Characters.Count + Marks} pieces, or for less character coverage than {characterCoverage}.");
        }

        var words = text.Words.Select(word => (Encoding.UTF8.GetBytes(word.Text), (double)word.Count)).ToArray();
        var pieces = new WeightedPieces(SeedPieces.Find(text, cancellation));
        var enough = (int)(vocabulary * Headroom);
        while (true)
        {
            for (var round = 0; round < RoundsBetweenPruning; round++)
            {
                pieces = Maximise(pieces, Expect(pieces, words, cancellation));
            }

            var before = pieces.Count;
            if (before <= enough)
            {
                break;
            }

            pieces = Prune(pieces, words, Math.Max(enough, (int)(Kept * before)), cancellation);
            if (pieces.Count == before)
            {
                break;
            }
        }

        Piece[] all =
        [
            new([.. "<pad>"u8], 0, PieceKind.Control),
            new([.. "</s>"u8], 0, PieceKind.Control),
            new([.. "<unk>"u8], 0, PieceKind.Unknown),
            .. Select(pieces, text, vocabulary - Marks),
        ];
        return new Tokenizer(new SentencePieceModel { Pieces = all, Normalizer = rules }, new SpecialNames());
    }

    /// <summary>The logarithmic derivative of the gamma function, for x above 0.</summary>
    internal static double Digamma(double x)
    {
        // ψ(x) = ψ(x + 1) - 1/x moves x to where the series around x - ½ is exact to the last digits.
        var result = 0.0;
        for (; x < 7; x++)
        {
            result -= 1 / x;
        }

        x -= 0.5;
        var square = 1 / (x * x);
        var tail = (7 / 960.0) - (square * ((31 / 8064.0) - (square * 127 / 30720.0)));
        return result + Math.Log(x) + (square * ((1 / 24.0) - (square * tail)));
    }

    private static double[] Expect(
        WeightedPieces pieces, (byte[] Text, double Count)[] words, CancellationToken cancellation)
    {
        var shares = new double[Shares][];
        Parallel.For(0, Shares, new ParallelOptions { CancellationToken = cancellation }, share =>
        {
            var expected = new double[pieces.Pieces.Count];
            var lattice = new WeightedPieces.Lattice();
            for (var i = share; i < words.Length; i += Shares)
            {
                pieces.AddExpected(words[i].Text, words[i].Count, expected, lattice);
            }

            shares[share] = expected;
        });
        return Sum(shares);
    }

    // The digamma function instead of the logarithm makes rare pieces rarer: a prior for few pieces.
    private static WeightedPieces Maximise(WeightedPieces pieces, double[] expected)
    {
        var total = Digamma(expected.Where(count => count >= RarestExpected).Sum());
        return pieces.With([.. expected.Select(
            count => count >= RarestExpected ? Digamma(count) - total : double.NegativeInfinity)]);
    }

    // Keeps the pieces without which the text would become less probable by most, estimated one piece at a time.
    private static WeightedPieces Prune(
        WeightedPieces pieces, (byte[] Text, double Count)[] words, int wanted, CancellationToken cancellation)
    {
        var uses = Sum(Uses(pieces, words, cancellation));
        var total = uses.Sum();
        var wordTotal = words.Sum(word => word.Count);
        var lattice = new WeightedPieces.Lattice();
        var cut = new List<int>();
        var kept = new List<(string Text, double Score)>();
        var candidates = new List<(int Piece, double Loss)>();
        for (var i = 0; i < uses.Length; i++)
        {
            var piece = pieces.Pieces[i];
            if (uses[i] == 0)
            {
                continue;
            }

            var otherwise = pieces.BestCut(Encoding.UTF8.GetBytes(piece.Text), lattice, cut, skip: i);
            if (cut.Contains(-1))
            {
                kept.Add(piece);
            }
            else if (otherwise <= piece.Score)
            {
                var logTotal = Math.Log(total + (uses[i] * (cut.Count - 1)));
                var without = cut.Sum(other => Math.Log(uses[other] + uses[i]) - logTotal);
                candidates.Add((i, uses[i] / wordTotal * (Math.Log(uses[i]) - Math.Log(total) - without)));
            }
        }

        kept.AddRange(candidates
            .OrderByDescending(candidate => candidate.Loss)
            .ThenBy(candidate => candidate.Piece)
            .Take(Math.Max(0, wanted - kept.Count))
            .Select(candidate => pieces.Pieces[candidate.Piece]));
        return new WeightedPieces(kept);
    }

    private static double[][] Uses(
        WeightedPieces pieces, (byte[] Text, double Count)[] words, CancellationToken cancellation)
    {
        var shares = new double[Shares][];
        Parallel.For(0, Shares, new ParallelOptions { CancellationToken = cancellation }, share =>
        {
            var uses = new double[pieces.Pieces.Count];
            var lattice = new WeightedPieces.Lattice();
            var cut = new List<int>();
            for (var i = share; i < words.Length; i += Shares)
            {
                pieces.BestCut(words[i].Text, lattice, cut);
                foreach (var piece in cut)
                {
                    if (piece >= 0)
                    {
                        uses[piece] += words[i].Count;
                    }
                }
            }

            shares[share] = uses;
        });
        return shares;
    }

    private static double[] Sum(double[][] shares)
    {
        var sum = shares[0];
        foreach (var share in shares[1..])
        {
            for (var i = 0; i < sum.Length; i++)
            {
                sum[i] += share[i];
            }
        }

        return sum;
    }

    // Every character that must be covered, then the most probable pieces; the most probable first.
    private static IEnumerable<Piece> Select(WeightedPieces pieces, TrainingText text, int wanted)
    {
        var scores = pieces.Pieces.Where(piece => double.IsFinite(piece.Score))
            .ToDictionary(piece => piece.Text, piece => piece.Score);
        var lowest = scores.Values.Min();
        var chosen = new Dictionary<string, double>();
        foreach (var (character, _) in text.Characters)
        {
            // Characters that training lost get the lowest scores, each a little different.
            var name = character.ToString();
            chosen[name] = scores.TryGetValue(name, out var score) ? score : lowest += 0.0001;
        }

        foreach (var (name, score) in Ordered(scores))
        {
            if (chosen.Count >= wanted)
            {
                break;
            }

            chosen.TryAdd(name, score);
        }

        return Ordered(chosen)
            .Select(piece => new Piece(Encoding.UTF8.GetBytes(piece.Key), (float)piece.Value, PieceKind.Normal));
    }

    private static IEnumerable<KeyValuePair<string, double>> Ordered(Dictionary<string, double> scores) =>
        scores.OrderByDescending(piece => piece.Value).ThenBy(piece => piece.Key, StringComparer.Ordinal);
}
