namespace StepDistill.Batches;

/// <summary>Steele, Lea and Flood's generator (OOPSLA 2014): 64 bits of state, any seed is good.</summary>
/// <param name="state">The seed.</param>
public struct SplitMix64(ulong state)
{
    private ulong _state = state;

    /// <summary>Draws 64 bits.</summary>
    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Brings items into a random order (Fisher and Yates).</summary>
    /// <param name="items">The items.</param>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = (int)(Next() % (ulong)(i + 1));      // the bias, i / 2^64, is far below notice
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
