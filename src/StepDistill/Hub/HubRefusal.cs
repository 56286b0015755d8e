namespace StepDistill.Hub;

/// <summary>Says in words why a hub refused, and what to do.</summary>
internal static class HubRefusal
{
    private const int MaxWords = 300;

    /// <summary>Throws where an answer is a refusal.</summary>
    /// <param name="settings">How the hub is reached.</param>
    /// <param name="name">The student.</param>
    /// <param name="response">The answer.</param>
    /// <param name="writes">Whether something was to be changed on the hub.</param>
    /// <exception cref="StepDistillException">It is one.</exception>
    public static void ThrowIfFailed(HubSettings settings, HubName name, HttpResponseMessage response, bool writes = false)
    {
        var host = settings.Endpoint.Host;
        var page = new Uri(settings.Endpoint, name.Repository);
        var fault = ((int)response.StatusCode, HubConnection.Header(response, "X-Error-Code")) switch
        {
            (401, _) when settings.Token is null && writes => $"{host} lets nobody without a key write to {name.Repository}. Set HF_TOKEN to one that may.",
            (401, _) when settings.Token is null =>
                $"{name} does not exist on {host}, or is private. Check the name; for a private student set HF_TOKEN.",
            (401 or 403, _) when writes =>
                $"{host} does not let this HF_TOKEN write to {name.Repository}{Words(settings, response)}. Check the owner, and that the key may write.",
            (401, _) => $"{host} does not accept HF_TOKEN for {name}. Check the token and that it may read {page}.",
            (403, _) => $"{name} is gated or closed to you. Accept its terms at {page} and set HF_TOKEN to a key that may read it.",
            (404, "RevisionNotFound") => $"{name.Repository} has no revision '{name.Revision}' on {host}.",
            (404, _) => $"There is no {name} on {host}. Check the name.",
            (429, _) => $"{host} asks for fewer requests (429). Wait a while and run the same command again.",
            ( >= 500, _) => $"{host} answered {(int)response.StatusCode} for {name}, again and again. Run the same command later.",
            ( >= 400, _) when writes => $"{host} refused to change {name} ({(int)response.StatusCode}){Words(settings, response)}.",
            ( >= 400, _) => $"{host} answered {(int)response.StatusCode} for {name}, again and again. Run the same command later.",
            _ => null,
        };
        if (fault is not null)
        {
            throw new StepDistillException(fault);
        }
    }

    /// <summary>What a hub says itself, on one line, without the key should it repeat it.</summary>
    private static string Words(HubSettings settings, HttpResponseMessage response)
    {
        if (HubConnection.Header(response, "X-Error-Message") is not { } said)
        {
            return "";
        }

        var text = string.Concat(said.Take(MaxWords).Select(c => char.IsControl(c) ? ' ' : c)).Trim().TrimEnd('.');
        return ": " + (settings.Token is { Length: > 0 } token ? text.Replace(token, "…", StringComparison.Ordinal) : text);
    }
}
