namespace StepDistill.Training.Kernels;

/// <summary>Which tokens of a packed batch ask which others.</summary>
/// <param name="QueryStart">The first token that asks.</param>
/// <param name="Queries">How many do.</param>
/// <param name="KeyStart">The first token that answers.</param>
/// <param name="Keys">How many do.</param>
internal readonly record struct AttentionSpan(int QueryStart, int Queries, int KeyStart, int Keys);

/// <summary>All spans of one kind of attention, in pieces that cores can share.</summary>
/// <remarks>Every token up to the last one asks, and answers, in one span at least.</remarks>
internal sealed class AttentionSpans
{
    // A piece of one head's spans does at least this many multiplications per column of the head.
    private const long PieceWork = 1 << 14;

    private readonly List<(int Start, int End)> _pieces = [];

    /// <summary>Arranges spans; those that ask the same tokens must stand together.</summary>
    /// <param name="spans">The spans.</param>
    /// <param name="causal">Whether a token sees only itself and those before it; then it asks its own sequence.</param>
    public AttentionSpans(IReadOnlyList<AttentionSpan> spans, bool causal)
    {
        Spans = [.. spans];
        Causal = causal;
        LongestQuery = Spans.Max(span => span.Queries);
        LongestKey = Spans.Max(span => span.Keys);
        QueryEnd = Spans.Max(span => span.QueryStart + span.Queries);
        KeyEnd = Spans.Max(span => span.KeyStart + span.Keys);
        var (start, work) = (0, 0L);
        for (var i = 0; i < Spans.Length; i++)
        {
            work += (long)Spans[i].Queries * Spans[i].Keys;
            var last = i + 1 == Spans.Length;
            if (last || (work >= PieceWork && Spans[i + 1].KeyStart != Spans[i].KeyStart))
            {
                _pieces.Add((start, i + 1));
                (start, work) = (i + 1, 0);
            }
        }
    }

    /// <summary>The spans, those with the same keys next to each other.</summary>
    public AttentionSpan[] Spans { get; }

    /// <summary>Whether a token sees only itself and those before it.</summary>
    public bool Causal { get; }

    /// <summary>Most tokens that ask in one span.</summary>
    public int LongestQuery { get; }

    /// <summary>Most tokens that answer in one span.</summary>
    public int LongestKey { get; }

    /// <summary>The token after the last one that asks; what lies beyond takes no part.</summary>
    public int QueryEnd { get; }

    /// <summary>The token after the last one that answers.</summary>
    public int KeyEnd { get; }

    /// <summary>Numbers of spans that one core does in turn; spans with the same keys are never parted.</summary>
    public IReadOnlyList<(int Start, int End)> Pieces => _pieces;
}
