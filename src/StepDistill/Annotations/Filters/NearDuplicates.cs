namespace StepDistill.Annotations.Filters;

/// <summary>Finds texts that say nearly what an earlier one says: four fifths of their runs of three words are the same.</summary>
/// <remarks>
/// Broder 1997, <em>On the resemblance of documents</em>: of each text a byte of 128 smallest hashes is kept; their agreement estimates
/// the share of common runs. Texts that agree in none of eight bands of four hashes are not compared. The estimate has a
/// standard error of 0.035, so the limit is not sharp; short texts that share three fifths are told apart all the same, one of a
/// million pairs aside. Texts with the same words are always found. Deterministic. A text takes 160 bytes, and the newest
/// million are remembered, so memory is bounded.
/// </remarks>
internal sealed class NearDuplicates
{
    private const int Run = 3;
    private const int Hashes = 128;
    private const int Bands = 8;
    private const int BandHashes = 4;
    private const int Buckets = 1 << 16;

    /// <summary>Of 128 hashes, those that must agree: 103 is the first number of four fifths or more.</summary>
    private const int Agreeing = 103;

    private readonly int _capacity;
    private readonly int[] _newest = new int[Bands * Buckets];      // the newest text in each bucket, counted from 1
    private byte[] _signatures = [];
    private int[] _older = [];                                      // of each text and band: the one before it in its bucket
    private int _count;

    /// <param name="capacity">Texts that are remembered.</param>
    public NearDuplicates(int capacity = 1 << 20) => _capacity = capacity;

    /// <summary>Remembers a text, unless it is nearly one that is remembered.</summary>
    /// <returns>Whether it is.</returns>
    public bool Add(string text)
    {
        var words = PlainWords.Of(text);
        if (words.Count == 0)
        {
            return false;
        }

        Span<ulong> smallest = stackalloc ulong[Hashes];
        Sign(words, smallest);
        Span<byte> signature = stackalloc byte[Hashes];
        for (var i = 0; i < Hashes; i++)
        {
            signature[i] = (byte)smallest[i];
        }

        Span<int> buckets = stackalloc int[Bands];
        for (var band = 0; band < Bands; band++)
        {
            buckets[band] = (band * Buckets) + BucketOf(smallest.Slice(band * BandHashes, BandHashes));
            for (var one = _newest[buckets[band]]; one > 0 && one > _count - _capacity; one = _older[(Place(one) * Bands) + band])
            {
                if (Agree(signature, _signatures.AsSpan(Place(one) * Hashes, Hashes)))
                {
                    return true;
                }
            }
        }

        Remember(signature, buckets);
        return false;
    }

    private void Remember(ReadOnlySpan<byte> signature, ReadOnlySpan<int> buckets)
    {
        _count++;
        if (Place(_count) * Hashes >= _signatures.Length)
        {
            var room = Math.Min(_capacity, Math.Max(1024, _signatures.Length / Hashes * 2));
            Array.Resize(ref _signatures, room * Hashes);
            Array.Resize(ref _older, room * Bands);
        }

        signature.CopyTo(_signatures.AsSpan(Place(_count) * Hashes));
        for (var band = 0; band < Bands; band++)
        {
            _older[(Place(_count) * Bands) + band] = _newest[buckets[band]];
            _newest[buckets[band]] = _count;
        }
    }

    /// <summary>Where a text is kept: the newest takes the place of the oldest.</summary>
    private int Place(int number) => (number - 1) % _capacity;

    private static bool Agree(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        var same = 0;
        for (var i = 0; i < one.Length; i++)
        {
            same += one[i] == other[i] ? 1 : 0;
        }

        return same >= Agreeing;
    }

    private static void Sign(List<string> words, Span<ulong> smallest)
    {
        smallest.Fill(ulong.MaxValue);
        for (var start = 0; start == 0 || start + Run <= words.Count; start++)
        {
            var hash = 14695981039346656037UL;      // FNV-1a
            for (var i = start; i < Math.Min(start + Run, words.Count); i++)
            {
                foreach (var c in words[i])
                {
                    hash = (hash ^ c) * 1099511628211UL;
                }

                hash = (hash ^ ' ') * 1099511628211UL;
            }

            for (var i = 0; i < Hashes; i++)
            {
                smallest[i] = Math.Min(smallest[i], Mixed(hash + (0x9E3779B97F4A7C15UL * (ulong)(i + 1))));
            }
        }
    }

    private static int BucketOf(ReadOnlySpan<ulong> band)
    {
        var hash = 0UL;
        foreach (var one in band)
        {
            hash = Mixed(hash ^ one);
        }

        return (int)(hash % Buckets);
    }

    /// <summary>The finalizer of SplitMix64 (Steele, Lea and Flood 2014).</summary>
    private static ulong Mixed(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
