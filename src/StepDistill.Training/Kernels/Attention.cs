using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StepDistill.Training.Kernels;

/// <summary>One tensor of heads side by side, as the attention kernel sees it.</summary>
/// <param name="Data">Its first number.</param>
/// <param name="Stride">Numbers between two tokens.</param>
internal readonly unsafe record struct Heads<T>(nint Data, int Stride)
    where T : unmanaged
{
    /// <summary>Where a head of a token begins.</summary>
    public T* At(long token, int head, int width) => (T*)Data + (token * Stride) + ((long)head * width);
}

/// <summary>T5's attention over packed tokens: softmax(q·kᵀ + bias)·v for each head of each sequence, in float32.</summary>
/// <remarks>
/// Scores and weights live in a core's cache only: they are made anew for the backward pass instead of kept, and dropout
/// is drawn anew with them. The idea is that of Dao et al. 2022, https://arxiv.org/abs/2205.14135, without its tiles:
/// the sequences of these tasks fit into a cache whole.
/// </remarks>
internal static unsafe class Attention
{
    /// <summary>Writes what each token takes from those it asks.</summary>
    /// <param name="spans">Which tokens ask which.</param>
    /// <param name="heads">H</param>
    /// <param name="width">A</param>
    /// <param name="q">[tokens, H·A]</param>
    /// <param name="k">[tokens, H·A]</param>
    /// <param name="v">[tokens, H·A]</param>
    /// <param name="bias">For each head the scores' bias by distance; null for none.</param>
    /// <param name="output">[tokens, H·A], written.</param>
    /// <param name="dropout">Of the weights.</param>
    public static void Forward<T, TElement>(
        AttentionSpans spans, int heads, int width, Heads<T> q, Heads<T> k, Heads<T> v, DistanceBias? bias, Heads<T> output, Dropout dropout)
        where T : unmanaged
        where TElement : IElement<T> => ForEachPiece(spans, heads, (head, first, end, _) =>
    {
        var room = new Room(spans, width);
        for (var i = first; i < end; i++)
        {
            var span = spans.Spans[i];
            if (i == first || spans.Spans[i - 1].KeyStart != span.KeyStart)
            {
                Read<T, TElement>(k, head, width, span.KeyStart, span.Keys, room.Row, transposedTo: room.KeysT);
                Read<T, TElement>(v, head, width, span.KeyStart, span.Keys, room.Values);
            }

            Read<T, TElement>(q, head, width, span.QueryStart, span.Queries, room.Queries);
            Weights(span, head, heads, width, bias, spans, room);
            Drop(span, head, heads, spans, dropout, room.Weights, room.Weights);
            Products.Multiply(
                room.Weights, Element.WholeVectors(span.Keys), 1, room.Values, room.Output, Tiles(span.Queries), span.Keys, room.Width);
            Write<T, TElement>(output, head, width, span.QueryStart, span.Queries, room.Output);
        }
    });

    /// <summary>Writes the gradients of queries, keys and values, and adds that of the bias.</summary>
    public static void Backward<T, TElement>(
        AttentionSpans spans, int heads, int width, Heads<T> q, Heads<T> k, Heads<T> v, DistanceBias? bias, Dropout dropout,
        Heads<T> dOutput, Heads<T> dq, Heads<T> dk, Heads<T> dv)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var sums = bias is null ? null : new float[spans.Pieces.Count * heads][];
        ForEachPiece(spans, heads, (head, first, end, piece) =>
        {
            var room = new Room(spans, width);
            var sum = new float[bias is null ? 0 : bias.Distances];
            for (var i = first; i < end; i++)
            {
                var span = spans.Spans[i];
                var sameKeys = i > first && spans.Spans[i - 1].KeyStart == span.KeyStart;
                if (!sameKeys)
                {
                    Read<T, TElement>(k, head, width, span.KeyStart, span.Keys, room.Keys, transposedTo: room.KeysT);
                    Read<T, TElement>(v, head, width, span.KeyStart, span.Keys, room.Row, transposedTo: room.ValuesT);
                }

                Read<T, TElement>(q, head, width, span.QueryStart, span.Queries, room.Queries);
                Read<T, TElement>(dOutput, head, width, span.QueryStart, span.Queries, room.Output);
                var (rows, keys) = (Tiles(span.Queries), Element.WholeVectors(span.Keys));

                Weights(span, head, heads, width, bias, spans, room);
                Products.Multiply(room.Output, room.Width, 1, room.ValuesT, room.Slopes, rows, width, keys);    // of dropped weights
                Drop(span, head, heads, spans, dropout, room.Slopes, room.Slopes);                              // of weights
                Scores(span, room);                                                                             // of scores
                bias?.Gather(span, room.Slopes, keys, sum);
                Products.Multiply(room.Slopes, keys, 1, room.Keys, room.Row, rows, span.Keys, room.Width);
                Write<T, TElement>(dq, head, width, span.QueryStart, span.Queries, room.Row);

                Drop(span, head, heads, spans, dropout, room.Weights, room.Weights);
                var keyRows = Tiles(span.Keys);
                Products.Multiply(room.Slopes, 1, keys, room.Queries, room.KeySums, keyRows, span.Queries, room.Width, sameKeys);
                Products.Multiply(room.Weights, 1, keys, room.Output, room.ValueSums, keyRows, span.Queries, room.Width, sameKeys);
                if (i + 1 == end || spans.Spans[i + 1].KeyStart != span.KeyStart)
                {
                    Write<T, TElement>(dk, head, width, span.KeyStart, span.Keys, room.KeySums);
                    Write<T, TElement>(dv, head, width, span.KeyStart, span.Keys, room.ValueSums);
                }
            }

            if (sums is not null)
            {
                sums[(head * spans.Pieces.Count) + piece] = sum;
            }
        });
        bias?.Add(sums!, spans.Pieces.Count);
    }

    private static void ForEachPiece(AttentionSpans spans, int heads, Action<int, int, int, int> run) =>
        Cores.ForEach(heads * spans.Pieces.Count, number =>
        {
            var (piece, head) = (number / heads, number % heads);       // heads of a token lie beside each other
            run(head, spans.Pieces[piece].Start, spans.Pieces[piece].End, piece);
        });

    private static int Tiles(int rows) => (rows + Products.Rows - 1) / Products.Rows * Products.Rows;

    /// <summary>softmax(q·kᵀ + bias) of one head of one span, into <see cref="Room.Weights"/>.</summary>
    private static void Weights(
        AttentionSpan span, int head, int heads, int width, DistanceBias? bias, AttentionSpans spans, Room room)
    {
        var keys = Element.WholeVectors(span.Keys);
        Products.Multiply(room.Queries, room.Width, 1, room.KeysT, room.Weights, Tiles(span.Queries), width, keys);
        var lowest = Vector512.Create(float.NegativeInfinity);
        for (var query = 0; query < span.Queries; query++)
        {
            var row = room.Weights + ((long)query * keys);
            var seen = spans.Causal ? query + 1 : span.Keys;
            var biasRow = bias is null ? null : bias.Row(head, query);
            var highest = lowest;
            for (var j = 0; j < keys; j += Element.Lanes)
            {
                var score = Vector512.Load(row + j);
                score = biasRow is null ? score : score + Vector512.Load(biasRow + j);
                if (j + Element.Lanes > seen)
                {
                    var inside = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(seen - j));
                    score = Vector512.ConditionalSelect(inside.AsSingle(), score, lowest);
                }

                score.Store(row + j);
                highest = Vector512.MaxNative(highest, score);
            }

            var max = Vector512.Create(CrossEntropy.Highest(highest));
            var total = Vector512<float>.Zero;
            for (var j = 0; j < keys; j += Element.Lanes)
            {
                var weight = Exponential.Of(Vector512.Load(row + j) - max);
                total += weight;
                weight.Store(row + j);
            }

            var factor = 1 / Vector512.Sum(total);
            for (var j = 0; j < keys; j += Element.Lanes)
            {
                (Vector512.Load(row + j) * factor).Store(row + j);
            }
        }
    }

    /// <summary>Turns the weights' gradient into the scores': w ⊙ (dw − Σ w·dw).</summary>
    private static void Scores(AttentionSpan span, Room room)
    {
        var keys = Element.WholeVectors(span.Keys);
        for (var query = 0; query < span.Queries; query++)
        {
            var weights = room.Weights + ((long)query * keys);
            var slopes = room.Slopes + ((long)query * keys);
            var dot = Vector512<float>.Zero;
            for (var j = 0; j < keys; j += Element.Lanes)
            {
                dot = Vector512.FusedMultiplyAdd(Vector512.Load(weights + j), Vector512.Load(slopes + j), dot);
            }

            var mean = Vector512.Create(Vector512.Sum(dot));
            for (var j = 0; j < keys; j += Element.Lanes)
            {
                (Vector512.Load(weights + j) * (Vector512.Load(slopes + j) - mean)).Store(slopes + j);
            }
        }
    }

    private static void Drop(AttentionSpan span, int head, int heads, AttentionSpans spans, Dropout dropout, float* from, float* to)
    {
        if (!dropout.Drops)
        {
            return;
        }

        var keys = Element.WholeVectors(span.Keys);
        long longest = Element.WholeVectors(spans.LongestKey);
        for (var query = 0; query < span.Queries; query++)
        {
            var place = (((long)(span.QueryStart + query) * heads) + head) * longest;
            var row = (long)query * keys;
            for (var j = 0; j < keys; j += Element.Lanes)
            {
                (Vector512.Load(from + row + j) * dropout.Factors(place + j)).Store(to + row + j);
            }
        }
    }

    /// <summary>Reads one head of some tokens as float32 rows, zeros up to whole vectors and tiles; and as columns, where wanted.</summary>
    private static void Read<T, TElement>(
        Heads<T> from, int head, int width, int start, int count, float* rows, float* transposedTo = null)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var whole = Element.WholeVectors(width);
        for (var row = 0; row < count; row++)
        {
            var source = from.At(start + row, head, width);
            for (var i = 0; i < whole; i += Element.Lanes)
            {
                Element.Load<T, TElement>(source + i, width - i).Store(rows + ((long)row * whole) + i);
            }
        }

        var empty = (transposedTo is null ? Tiles(count) : Element.WholeVectors(count)) - count;
        new Span<float>(rows + ((long)count * whole), empty * whole).Clear();
        if (transposedTo is not null)
        {
            Transposition.Run(rows, transposedTo, count + empty, whole);
        }
    }

    private static void Write<T, TElement>(Heads<T> to, int head, int width, int start, int count, float* rows)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var whole = Element.WholeVectors(width);
        for (var row = 0; row < count; row++)
        {
            var target = to.At(start + row, head, width);
            for (var i = 0; i < width; i += Element.Lanes)
            {
                Element.Store<T, TElement>(target + i, Vector512.Load(rows + ((long)row * whole) + i), width - i);
            }
        }
    }

    /// <summary>A core's own memory for one head of the longest span; kept from call to call.</summary>
    private readonly struct Room
    {
        [ThreadStatic]
        private static Memory? mine;

        public Room(AttentionSpans spans, int width)
        {
            Width = Element.WholeVectors(width);
            var (queries, keys) = (Tiles(spans.LongestQuery), Tiles(Element.WholeVectors(spans.LongestKey)));
            long tokens = Math.Max(queries, keys);
            var (vectors, scores) = (tokens * Width, (long)queries * keys);
            mine ??= new Memory();
            var next = mine.OfAtLeast((9 * vectors) + (2 * scores));
            float* Take(long count)
            {
                var taken = next;
                next += count;
                return taken;
            }

            Queries = Take(vectors);
            Keys = Take(vectors);
            KeysT = Take(vectors);
            Values = Take(vectors);
            ValuesT = Take(vectors);
            Output = Take(vectors);
            Row = Take(vectors);
            KeySums = Take(vectors);
            ValueSums = Take(vectors);
            Weights = Take(scores);
            Slopes = Take(scores);
        }

        /// <summary>A, rounded up to whole vectors.</summary>
        public int Width { get; }

        public float* Queries { get; }

        public float* Keys { get; }

        public float* KeysT { get; }

        public float* Values { get; }

        public float* ValuesT { get; }

        /// <summary>What the head gives, or its gradient.</summary>
        public float* Output { get; }

        /// <summary>For whatever is needed for a moment.</summary>
        public float* Row { get; }

        public float* KeySums { get; }

        public float* ValueSums { get; }

        public float* Weights { get; }

        /// <summary>Gradient of the weights, then of the scores.</summary>
        public float* Slopes { get; }

        private sealed class Memory
        {
            private float* _data;
            private long _length;

            ~Memory() => NativeMemory.AlignedFree(_data);

            public float* OfAtLeast(long length)
            {
                if (length > _length)
                {
                    NativeMemory.AlignedFree(_data);
                    _data = (float*)NativeMemory.AlignedAlloc((nuint)(length * sizeof(float)), 64);
                    _length = length;
                }

                return _data;
            }
        }
    }
}
