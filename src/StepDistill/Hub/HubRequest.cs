namespace StepDistill.Hub;

/// <summary>One request to a hub or to a store that it leads to; made anew for every try.</summary>
/// <param name="Method">What to do.</param>
/// <param name="Address">Where.</param>
/// <param name="About">The file or thing that it is about, for progress and messages.</param>
internal sealed record HubRequest(HttpMethod Method, Uri Address, string About)
{
    /// <summary>The first byte that is wanted.</summary>
    public long From { get; init; }

    /// <summary>The form of answer that is wanted, such as <c>application/vnd.git-lfs+json</c>; null for any.</summary>
    public string? Accept { get; init; }

    /// <summary>Makes the body; null for none. A request with a body is not sent to another host than the hub names.</summary>
    public Func<HubContent>? Content { get; init; }

    /// <summary>Headers that go along exactly as they were given for this address.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>How often to send it while no answer comes, or one that says to try again.</summary>
    public int Tries { get; init; } = HubConnection.MaxTries;
}
