using System.Runtime.InteropServices;

namespace StepDistill.Training.Checkpoints;

/// <summary>A copy of a training in memory, so that it can go on while the copy is written.</summary>
/// <remarks>
/// Its memory is the system's own, taken at the first copy and used again for the others: four bytes for each weight, and
/// what the optimizer remembers. Whoever reads a copy does so before the next one is made.
/// </remarks>
internal sealed unsafe class Snapshot : IDisposable
{
    private readonly List<(nint Place, long Count)> _rooms = [];

    /// <summary>Whether it has its memory already.</summary>
    public bool HasMemory => _rooms.Count > 0;

    /// <summary>Copies all numbers.</summary>
    /// <param name="living">The training, which stands still meanwhile. Always of the same network and optimizer.</param>
    /// <returns>The same content, which no longer changes when the training goes on.</returns>
    public CheckpointContent Copy(CheckpointContent living)
    {
        var next = 0;
        return living with
        {
            Weights = [.. living.Weights.Select(numbers => Copy(numbers, next++))],
            Moments = [.. living.Moments.Select(numbers => Copy(numbers, next++))],
            Adapters = [.. living.Adapters.Select(numbers => Copy(numbers, next++))],
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rooms.ForEach(room => NativeMemory.Free((void*)room.Place));
        _rooms.Clear();
    }

    private CheckpointNumbers Copy(CheckpointNumbers numbers, int index)
    {
        var count = numbers.Tensor.Count;
        if (index == _rooms.Count)
        {
            _rooms.Add(((nint)NativeMemory.Alloc((nuint)count, sizeof(float)), count));
        }

        var (place, has) = _rooms[index];
        if (has != count)
        {
            throw new ArgumentException(
                $"{numbers.Tensor.Name} has {count} numbers and its place in the snapshot {has}; a snapshot is of one training.",
                nameof(numbers));
        }

        // A span holds at most 2³¹ − 1 numbers.
        const int most = 1 << 30;
        for (long done = 0; done < count; done += most)
        {
            numbers.Read(done, new Span<float>((float*)place + done, (int)Math.Min(most, count - done)));
        }

        return numbers with { Read = (first, to) => new ReadOnlySpan<float>((float*)place + first, to.Length).CopyTo(to) };
    }
}
