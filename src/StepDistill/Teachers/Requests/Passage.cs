namespace StepDistill.Teachers.Requests;

/// <summary>How a request ended, as far as the next ones are concerned.</summary>
public enum PassageEnd
{
    /// <summary>With an answer.</summary>
    Answered,

    /// <summary>With the word that there are too many.</summary>
    TooMany,

    /// <summary>Otherwise.</summary>
    Failed,
}

/// <summary>One request that a <see cref="RequestGate"/> has let pass.</summary>
public sealed class Passage
{
    private readonly RequestGate _gate;
    private int _closed;

    internal Passage(RequestGate gate, long tokens, decimal cost, long entered) =>
        (_gate, Tokens, Cost, Entered) = (gate, tokens, cost, entered);

    /// <summary>The most tokens that it can take.</summary>
    public long Tokens { get; }

    /// <summary>The most dollars that it can cost.</summary>
    public decimal Cost { get; }

    internal long Entered { get; }

    /// <summary>Tells the gate how the request ended. The first call counts.</summary>
    /// <param name="end">How.</param>
    /// <param name="tokens">Tokens that it took; null where nobody said: then its bound counts.</param>
    /// <param name="cost">Dollars that it cost; null for nothing.</param>
    public void Close(PassageEnd end, long? tokens = null, decimal? cost = null)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _gate.Leave(this, end, tokens, cost);
        }
    }
}
