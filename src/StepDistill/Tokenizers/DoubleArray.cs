using System.Buffers.Binary;
using System.Numerics;

namespace StepDistill.Tokenizers;

/// <summary>
/// A byte trie in one array of 32-bit units, in the layout of darts-clone, which SentencePiece's files use.
/// </summary>
/// <remarks>
/// A unit holds its label in bits 0 to 7, in bit 8 whether a key ends here, and in bits 9 to 31 the distance to its
/// children: child <c>c</c> of unit <c>i</c> lies at <c>i ^ distance ^ c</c>, and a key's value at child 0, with bit 31
/// set. Layout: s-yata/darts-clone, <c>include/darts.h</c>. Safe for concurrent use.
/// </remarks>
internal sealed class DoubleArray
{
    private const uint NoLabel = 1u << 31;
    private const int BlockSize = 256;

    private readonly uint[] units;

    private DoubleArray(uint[] units) => this.units = units;

    /// <summary>The units, as a file holds them.</summary>
    public ReadOnlySpan<uint> Units => units;

    /// <summary>Takes over an array from a file. It may be damaged: looking up never leaves it.</summary>
    public static DoubleArray FromBytes(ReadOnlySpan<byte> bytes)
    {
        var units = new uint[bytes.Length / 4];
        for (var i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 * i)..]);
        }

        return new DoubleArray(units);
    }

    /// <summary>Builds the trie of some keys.</summary>
    /// <param name="keys">Different keys, in any order, none empty and none with a zero byte; values from 0.</param>
    public static DoubleArray Build(IEnumerable<KeyValuePair<byte[], int>> keys)
    {
        var sorted = keys.ToArray();
        Array.Sort(sorted, static (x, y) => x.Key.AsSpan().SequenceCompareTo(y.Key));
        return new DoubleArray(new Builder(sorted).Build());
    }

    /// <summary>The unit where every walk starts.</summary>
    public Walk Start() => new(units);

    /// <summary>Finds the longest key that the text starts with.</summary>
    /// <param name="text">The text.</param>
    /// <param name="value">The key's value; 0 where there is none.</param>
    /// <returns>The key's length in bytes, 0 where there is none.</returns>
    public int LongestPrefix(ReadOnlySpan<byte> text, out int value)
    {
        var length = 0;
        value = 0;
        var walk = Start();
        for (var i = 0; i < text.Length && walk.Step(text[i]); i++)
        {
            if (walk.TryValue(out var found))
            {
                length = i + 1;
                value = found;
            }
        }

        return length;
    }

    private static uint DistanceOf(uint unit) => (unit >> 10) << (int)((unit & (1u << 9)) >> 6);

    /// <summary>A way through the trie, one byte at a time.</summary>
    public ref struct Walk
    {
        private readonly ReadOnlySpan<uint> units;
        private uint children;
        private bool ends;

        internal Walk(ReadOnlySpan<uint> units)
        {
            this.units = units;
            children = units.IsEmpty ? 0 : DistanceOf(units[0]);
        }

        /// <summary>Goes on by one byte.</summary>
        /// <returns>False where no key goes on so; the walk is then over.</returns>
        public bool Step(byte next)
        {
            var id = children ^ next;
            if (id >= (uint)units.Length || (units[(int)id] & (NoLabel | 0xFF)) != next)
            {
                return false;
            }

            var unit = units[(int)id];
            children = id ^ DistanceOf(unit);
            ends = (unit & 0x100) != 0;
            return true;
        }

        /// <summary>Reads the value of the key that ends here, if one does.</summary>
        public readonly bool TryValue(out int value)
        {
            if (!ends || children >= (uint)units.Length)
            {
                value = 0;
                return false;
            }

            value = (int)(units[(int)children] & ~NoLabel);
            return true;
        }
    }

    private sealed class Builder(KeyValuePair<byte[], int>[] keys)
    {
        // How many of the last blocks are searched for room; older ones are as good as full.
        private const int OpenBlocks = 16;

        private readonly List<uint> units = [];
        private readonly List<ulong[]> freeSlots = [];
        private readonly List<ulong[]> freeBases = [];
        private readonly List<int> freeCounts = [];

        public uint[] Build()
        {
            AddBlock();
            TakeSlot(0);
            // The root's own label is 0: with children around it, a zero byte in a text would seem to match.
            Take(freeBases, 0);
            units[0] = 0;

            var labels = new List<byte>();
            var starts = new List<int>();
            // Depth first, so that children lie near their parents and distances stay short.
            var open = new Stack<(int Unit, int First, int End, int Depth)>();
            open.Push((0, 0, keys.Length, 0));
            while (open.TryPop(out var node))
            {
                labels.Clear();
                starts.Clear();
                var first = node.First;
                var ends = first < node.End && keys[first].Key.Length == node.Depth;
                if (ends)
                {
                    labels.Add(0);
                    starts.Add(first++);
                }

                for (var i = first; i < node.End; i++)
                {
                    var label = keys[i].Key[node.Depth];
                    if (i == first || label != labels[^1])
                    {
                        labels.Add(label);
                        starts.Add(i);
                    }
                }

                if (labels.Count == 0)
                {
                    continue;
                }

                var children = FindRoom(node.Unit, labels);
                Take(freeBases, children);
                units[node.Unit] |= Distance((uint)(node.Unit ^ children)) | (ends ? 0x100u : 0);
                for (var i = 0; i < labels.Count; i++)
                {
                    var child = children ^ labels[i];
                    TakeSlot(child);
                    if (ends && i == 0)
                    {
                        units[child] = NoLabel | (uint)keys[starts[0]].Value;
                        continue;
                    }

                    units[child] = labels[i];
                    open.Push((child, starts[i], i + 1 < starts.Count ? starts[i + 1] : node.End, node.Depth + 1));
                }
            }

            return [.. units];
        }

        private static uint Distance(uint distance)
        {
            if (distance < 1u << 21)
            {
                return distance << 10;
            }

            return distance < 1u << 29
                ? (distance << 2) | (1u << 9)
                : throw new InvalidDataException("its pieces are too many and too long for one trie");
        }

        private int FindRoom(int unit, List<byte> labels)
        {
            for (var block = Math.Max(0, freeSlots.Count - OpenBlocks); block < freeSlots.Count; block++)
            {
                if (freeCounts[block] < labels.Count)
                {
                    continue;
                }

                for (var word = 0; word < 4; word++)
                {
                    for (var bits = freeSlots[block][word]; bits != 0; bits &= bits - 1)
                    {
                        var slot = (word * 64) + BitOperations.TrailingZeroCount(bits);
                        var children = (block * BlockSize) + (slot ^ labels[0]);
                        if (Fits(unit, children, labels))
                        {
                            return children;
                        }
                    }
                }
            }

            AddBlock();
            // In a new block anything fits; with the parent's low byte the distance is a multiple of the block's size.
            return ((freeSlots.Count - 1) * BlockSize) | (unit & (BlockSize - 1));
        }

        private bool Fits(int unit, int children, List<byte> labels)
        {
            var distance = (uint)(unit ^ children);
            if (!IsFree(freeBases, children) || (distance >= 1u << 21 && (distance & 0xFF) != 0))
            {
                return false;
            }

            foreach (var label in labels)
            {
                if (!IsFree(freeSlots, children ^ label))
                {
                    return false;
                }
            }

            return true;
        }

        private void AddBlock()
        {
            freeSlots.Add([ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue]);
            freeBases.Add([ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue]);
            freeCounts.Add(BlockSize);
            units.AddRange(Enumerable.Repeat(NoLabel, BlockSize));
        }

        private void TakeSlot(int place)
        {
            Take(freeSlots, place);
            freeCounts[place / BlockSize]--;
        }

        private static bool IsFree(List<ulong[]> bits, int place) =>
            (bits[place / BlockSize][(place % BlockSize) / 64] >> (place % 64) & 1) != 0;

        private static void Take(List<ulong[]> bits, int place) =>
            bits[place / BlockSize][(place % BlockSize) / 64] &= ~(1ul << (place % 64));
    }
}
