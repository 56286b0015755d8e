namespace StepDistill.Training.Kernels;

/// <summary>Rows of the embedding table for token ids, and the way back.</summary>
internal static unsafe class Embedding
{
    /// <summary>y[t] = dropout(table[ids[t]])</summary>
    /// <param name="table">[V, D]</param>
    /// <param name="ids">[T]</param>
    /// <param name="y">[T, D], written.</param>
    /// <param name="width">D</param>
    /// <param name="dropout">Of this layer.</param>
    public static void Forward<T, TElement>(T* table, int[] ids, T* y, int width, Dropout dropout)
        where T : unmanaged
        where TElement : IElement<T> => Cores.ForEachRange(ids.Length, width, (start, count, _) =>
    {
        for (var row = start; row < start + count; row++)
        {
            var from = table + ((long)ids[row] * width);
            for (var i = 0; i < width; i += Element.Lanes)
            {
                var value = Element.Load<T, TElement>(from + i, width - i);
                value = dropout.Drops ? value * dropout.Factors((row * width) + i) : value;
                Element.Store<T, TElement>(y + (row * width) + i, value, width - i);
            }
        }
    });

    /// <summary>Adds each row's gradient to that of its token: those of one token are summed in float32 first.</summary>
    /// <param name="dy">[T, D]</param>
    /// <param name="ids">[T]</param>
    /// <param name="dTable">[V, D], added to.</param>
    /// <param name="width">D</param>
    /// <param name="dropout">As in the forward pass.</param>
    public static void Backward<T, TElement>(T* dy, int[] ids, T* dTable, int width, Dropout dropout)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var places = Enumerable.Range(0, ids.Length).ToArray();
        var groups = new List<(int Start, int End)>();
        Array.Sort(places, (a, b) => ids[a] != ids[b] ? ids[a].CompareTo(ids[b]) : a.CompareTo(b));
        for (var start = 0; start < places.Length;)
        {
            var end = start + 1;
            while (end < places.Length && ids[places[end]] == ids[places[start]])
            {
                end++;
            }

            groups.Add((start, end));
            start = end;
        }

        Cores.ForEachRange(groups.Count, width * 4L, (first, count, _) =>
        {
            for (var group = (int)first; group < first + count; group++)
            {
                var (start, end) = groups[group];
                var to = dTable + ((long)ids[places[start]] * width);
                for (var i = 0; i < width; i += Element.Lanes)
                {
                    var sum = Element.Load<T, TElement>(to + i, width - i);
                    for (var place = start; place < end; place++)
                    {
                        var at = ((long)places[place] * width) + i;
                        var gradient = Element.Load<T, TElement>(dy + at, width - i);
                        sum += dropout.Drops ? gradient * dropout.Factors(at) : gradient;
                    }

                    Element.Store<T, TElement>(to + i, sum, width - i);
                }
            }
        });
    }
}
