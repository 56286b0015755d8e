using System.Diagnostics.CodeAnalysis;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Prices;

/// <summary>Draws rows by chance from a stream whose length nobody knows, each with the same probability.</summary>
/// <remarks>
/// Vitter 1985, <em>Random sampling with a reservoir</em>, algorithm R. What is measured on the first rows of a file says
/// little about the others, for files are often sorted. Memory grows with the sample, not with the stream.
/// </remarks>
/// <param name="size">Rows to draw; fewer where there are fewer.</param>
/// <param name="seed">Where the chance comes from.</param>
public sealed class RowSample(int size, int seed)
{
    private readonly Random _chance = new(seed);
    private readonly List<Example> _rows = new(Math.Min(size, 10_000));
    private long _seen;

    /// <summary>The rows drawn, in no order.</summary>
    public IReadOnlyList<Example> Rows => _rows;

    /// <summary>Offers a row.</summary>
    /// <param name="row">The row.</param>
    [SuppressMessage("Security", "CA5394", Justification = "Draws rows; nothing secret hangs on it.")]
    public void Add(Example row)
    {
        _seen++;
        if (_rows.Count < size)
        {
            _rows.Add(row);
        }
        else if (_chance.NextInt64(_seen) is var place && place < size)
        {
            _rows[(int)place] = row;
        }
    }
}
