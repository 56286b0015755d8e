namespace StepDistill.Serving.Batching;

/// <summary>Why a question was not answered.</summary>
internal enum Refusal
{
    /// <summary>As many questions wait as may.</summary>
    Full,

    /// <summary>It would have had to wait longer than the latency limit.</summary>
    TooSlow,

    /// <summary>It waited until its deadline.</summary>
    Expired,

    /// <summary>The server is stopping.</summary>
    Stopping,

    /// <summary>There is no student yet that could answer.</summary>
    NotReady,
}
