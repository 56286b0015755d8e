namespace StepDistill.Tokenizers;

/// <summary>Finds the substrings that training starts from.</summary>
/// <remarks>
/// As SentencePiece's <c>MakeSeedSentencePieces</c> (v0.1.97, <c>src/unigram_model_trainer.cc</c>): of all substrings
/// that occur at least twice and cannot be made longer without occurring less often, those with the largest count times
/// length. One difference: SentencePiece sorts the suffixes of the whole text, here it is those of the different words,
/// weighted; so a word's end is always a place where a substring may end.
/// </remarks>
internal static class SeedPieces
{
    private const int LongestPiece = 16;
    private const int MostSeeds = 1_000_000;
    private const char Space = '\u2581';

    /// <summary>Finds the seeds.</summary>
    /// <returns>
    /// Texts and logarithms of probabilities: every character, then substrings, the weightiest first.
    /// </returns>
    public static List<(string Text, double Score)> Find(TrainingText text, CancellationToken cancellation)
    {
        var found = Substrings(text.Words, cancellation);
        found.Sort(static (x, y) => x.Weight != y.Weight
            ? y.Weight.CompareTo(x.Weight)
            : string.CompareOrdinal(x.Text, y.Text));
        var seeds = text.Characters.Select(entry => (Text: entry.Character.ToString(), Weight: entry.Count))
            .Concat(found.Take(Math.Max(0, MostSeeds - text.Characters.Count))).ToList();
        var logTotal = Math.Log(seeds.Sum(seed => (double)seed.Weight));
        return [.. seeds.Select(seed => (seed.Text, Math.Log(seed.Weight) - logTotal))];
    }

    /// <summary>
    /// Whether training may make a piece of this text, given that it has no more than the largest length.
    /// </summary>
    internal static bool IsPiece(ReadOnlySpan<char> text)
    {
        var length = 0;
        var script = UnicodeScripts.OfItsBase;
        foreach (var character in text.EnumerateRunes())
        {
            if (++length > LongestPiece)
            {
                return false;
            }

            if (character.Value == Space)
            {
                if (length > 1)
                {
                    return false;
                }

                continue;
            }

            var own = UnicodeScripts.Of(character.Value);
            if (own == UnicodeScripts.OfItsBase)
            {
                continue;
            }

            if (script != UnicodeScripts.OfItsBase && script != own)
            {
                return false;
            }

            script = own;
        }

        return true;
    }

    private static List<(string Text, long Weight)> Substrings(
        IReadOnlyList<(string Text, long Count)> words, CancellationToken cancellation)
    {
        // All words in one array, a zero after each, and for each place how often its word occurs.
        var size = words.Sum(word => word.Text.Length + 1);
        var letters = new char[size];
        var counts = new long[size];
        var suffixes = new List<int>(size);
        var place = 0;
        foreach (var (word, count) in words)
        {
            word.CopyTo(0, letters, place, word.Length);
            counts.AsSpan(place, word.Length).Fill(count);
            for (var i = 0; i < word.Length; i++)
            {
                if (!char.IsLowSurrogate(word[i]))
                {
                    suffixes.Add(place + i);
                }
            }

            place += word.Length + 1;
        }

        // A character is at most two letters of UTF-16.
        ReadOnlySpan<char> Suffix(int start) => letters.AsSpan(start, Math.Min(2 * LongestPiece, size - start));
        suffixes.Sort((x, y) => Suffix(x).SequenceCompareTo(Suffix(y)) is not 0 and var order ? order : x.CompareTo(y));
        cancellation.ThrowIfCancellationRequested();

        var found = new List<(string, long)>();
        // Open intervals of suffixes that share their first letters, the longest share on top: how many letters, a
        // place where they stand, and the weight so far.
        var open = new Stack<(int Depth, int Start, long Count)>();
        open.Push((0, 0, 0));
        for (var i = 0; i < suffixes.Count; i++)
        {
            var suffix = Suffix(suffixes[i]);
            var shared = i + 1 < suffixes.Count ? Shared(suffix, Suffix(suffixes[i + 1])) : 0;
            var own = suffix.IndexOf('\0') is >= 0 and var end ? end : suffix.Length;
            var interval = (Depth: own, Start: suffixes[i], Count: counts[suffixes[i]]);
            if (open.Peek().Depth == own)
            {
                interval.Count += open.Pop().Count;
            }

            // What the next suffix does not share is complete, and counts towards what is.
            while (interval.Depth > shared)
            {
                Report(letters, interval.Start, interval.Depth, interval.Count, found);
                var (depth, start, count) = open.Peek().Depth >= shared ? open.Pop() : (shared, interval.Start, 0);
                interval = (depth, start, count + interval.Count);
            }

            open.Push(interval);
        }

        return found;
    }

    private static int Shared(ReadOnlySpan<char> x, ReadOnlySpan<char> y)
    {
        var shared = x.CommonPrefixLength(y);
        var end = x[..shared].IndexOf('\0');
        shared = end >= 0 ? end : shared;
        return shared > 0 && char.IsHighSurrogate(x[shared - 1]) ? shared - 1 : shared;
    }

    private static void Report(char[] letters, int start, int length, long count, List<(string, long)> found)
    {
        var text = letters.AsSpan(start, length);
        var characters = length;
        foreach (var letter in text)
        {
            characters -= char.IsLowSurrogate(letter) ? 1 : 0;
        }

        if (characters >= 2 && count >= 2 && IsPiece(text))
        {
            found.Add((new string(text), count * characters));
        }
    }
}
