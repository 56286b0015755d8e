namespace StepDistill.Batches;

/// <summary>The very order in which the paper's program draws its training examples, so that its runs can be repeated.</summary>
/// <remarks>
/// The program's loader (a <c>RandomSampler</c> of PyTorch behind Hugging Face's <c>Trainer</c>) seeds a Mersenne
/// Twister with a number that another one, seeded with the run's number, drew; every epoch is one <c>torch.randperm</c>
/// of it. Its split (<c>train_test_split(test_size=0.1, seed=0)</c> of Hugging Face's datasets) is a permutation by
/// numpy's <c>default_rng</c>; see <see cref="Split"/>. Checked against a recorded run of the program.
/// </remarks>
/// <param name="examples">How many examples there are.</param>
/// <param name="batchSize">Examples a step.</param>
/// <param name="seed">The program's <c>--run</c>.</param>
public sealed class PaperOrder(int examples, int batchSize, int seed) : BatchOrder(examples, batchSize)
{
    private readonly MersenneTwister _random = Sampler(seed);
    private readonly List<int[]> _epochs = [];

    /// <summary>Splits rows as the program does: both parts in the order in which it leaves them.</summary>
    /// <param name="rows">How many rows there are before the split.</param>
    /// <param name="seed">The split's seed; the program uses 0 whatever its <c>--run</c>.</param>
    /// <returns>Row numbers from 0: a tenth of the rows, rounded up, for validation, and the rest for training.</returns>
    public static (int[] Validation, int[] Train) Split(int rows, int seed = 0)
    {
        var random = new Pcg64((uint)seed);
        var order = Enumerable.Range(0, rows).ToArray();
        for (var i = rows - 1; i > 0; i--)
        {
            var j = random.UpTo((uint)i);
            (order[i], order[j]) = (order[j], order[i]);
        }

        var validation = (rows + 9) / 10;
        return (order[..validation], order[validation..]);
    }

    /// <summary>Shuffles rows as the program does before it parts SVAMP's: numpy's <c>RandomState(seed).permutation</c>.</summary>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="seed">The shuffle's seed; the program uses 0.</param>
    /// <returns>Row numbers from 0.</returns>
    public static int[] Shuffle(int rows, int seed = 0)
    {
        var random = new MersenneTwister((uint)seed);
        var order = Enumerable.Range(0, rows).ToArray();
        for (var i = rows - 1; i > 0; i--)
        {
            var mask = uint.MaxValue >> System.Numerics.BitOperations.LeadingZeroCount((uint)i);
            uint j;
            do
            {
                j = random.Next() & mask;
            }
            while (j > i);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    // Epochs follow one another from one generator, so an epoch cannot be had without those before it.
    private protected override int[] Epoch(int epoch, int examples)
    {
        while (_epochs.Count <= epoch)
        {
            var order = Enumerable.Range(0, examples).ToArray();
            for (var i = 0; i < examples - 1; i++)
            {
                var j = i + (int)(_random.Next() % (uint)(examples - i));
                (order[i], order[j]) = (order[j], order[i]);
            }

            _epochs.Add(order);
        }

        return _epochs[epoch];
    }

    private static MersenneTwister Sampler(int seed)
    {
        var outer = new MersenneTwister((uint)seed);
        outer.Next();                                   // the high half of a 64-bit draw,
        return new MersenneTwister(outer.Next());       // of which PyTorch's seeding uses the low half
    }

    /// <summary>MT19937 (Matsumoto and Nishimura 1998), PyTorch's generator on the CPU.</summary>
    private sealed class MersenneTwister
    {
        private const int Length = 624;
        private readonly uint[] _state = new uint[Length];
        private int _next = Length;

        public MersenneTwister(uint seed)
        {
            _state[0] = seed;
            for (uint i = 1; i < Length; i++)
            {
                _state[i] = (1812433253 * (_state[i - 1] ^ (_state[i - 1] >> 30))) + i;
            }
        }

        public uint Next()
        {
            if (_next == Length)
            {
                Refill();
            }

            var y = _state[_next++];
            y ^= y >> 11;
            y ^= (y << 7) & 0x9D2C5680;
            y ^= (y << 15) & 0xEFC60000;
            return y ^ (y >> 18);
        }

        private void Refill()
        {
            for (var k = 0; k < Length; k++)
            {
                var y = (_state[k] & 0x80000000) | (_state[(k + 1) % Length] & 0x7FFFFFFF);
                _state[k] = _state[(k + 397) % Length] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF);
            }

            _next = 0;
        }
    }

    /// <summary>PCG64 (O'Neill 2014) seeded as numpy's <c>default_rng(seed)</c> does.</summary>
    private sealed class Pcg64
    {
        private static readonly UInt128 Multiplier = new(0x2360ED051FC65DA4, 0x4385DF649FCCF645);
        private readonly UInt128 _increment;
        private UInt128 _state;
        private uint? _spare;

        public Pcg64(uint seed)
        {
            var words = SeedSequence(seed);
            _increment = (new UInt128(words[2], words[3]) << 1) | 1;
            _state = _increment;
            _state = ((_state + new UInt128(words[0], words[1])) * Multiplier) + _increment;
        }

        /// <summary>A number in [0, <paramref name="limit"/>], by numpy's <c>random_interval</c>: masked, drawn again when too large.</summary>
        public int UpTo(uint limit)
        {
            var mask = uint.MaxValue >> System.Numerics.BitOperations.LeadingZeroCount(limit);
            uint value;
            do
            {
                value = Next32() & mask;
            }
            while (value > limit);
            return (int)value;
        }

        private uint Next32()
        {
            if (_spare is { } spare)
            {
                _spare = null;
                return spare;
            }

            _state = (_state * Multiplier) + _increment;
            var folded = (ulong)(_state >> 64) ^ (ulong)_state;
            var value = System.Numerics.BitOperations.RotateRight(folded, (int)(_state >> 122));
            _spare = (uint)(value >> 32);
            return (uint)value;
        }

        // numpy/random/bit_generator.pyx, SeedSequence with one word of entropy and a pool of four.
        private static ulong[] SeedSequence(uint entropy)
        {
            var constant = 0x43B0D7E5u;
            uint HashMix(uint value)
            {
                value ^= constant;
                constant *= 0x931E8875;
                value *= constant;
                return value ^ (value >> 16);
            }

            uint[] pool = [HashMix(entropy), HashMix(0), HashMix(0), HashMix(0)];
            for (var source = 0; source < 4; source++)
            {
                for (var target = 0; target < 4; target++)
                {
                    if (source != target)
                    {
                        var mixed = (pool[target] * 0xCA01F9DD) - (HashMix(pool[source]) * 0x4973F715);
                        pool[target] = mixed ^ (mixed >> 16);
                    }
                }
            }

            constant = 0x8B51F9DD;
            var words = new ulong[4];
            for (var i = 0; i < 8; i++)
            {
                var value = pool[i % 4] ^ constant;
                constant *= 0x58F38DED;
                value *= constant;
                value ^= value >> 16;
                words[i / 2] |= (ulong)value << (32 * (i % 2));
            }

            return words;
        }
    }
}
