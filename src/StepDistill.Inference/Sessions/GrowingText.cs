using System.Runtime.InteropServices;
using StepDistill.Tokenizers;

namespace StepDistill.Inference.Sessions;

/// <summary>A text that grows token by token, told in pieces that never have to be taken back.</summary>
/// <param name="tokenizer">Turns tokens into text.</param>
/// <param name="end">A mark at which the text ends, with what follows it; null where nothing but the last token ends it.</param>
internal sealed class GrowingText(Tokenizer tokenizer, string? end)
{
    private readonly List<int> ids = [];
    private string told = "";
    private bool ended;

    /// <summary>Adds a token.</summary>
    /// <returns>What can be told now; empty where nothing is certain yet.</returns>
    public string Add(int token)
    {
        ids.Add(token);
        var text = tokenizer.Decode(CollectionsMarshal.AsSpan(ids));

        // Half a character may become another one, and half of the mark may become the mark.
        return text.EndsWith('\ufffd') ? "" : Tell(text, keepBack: end?.Length ?? 0);
    }

    /// <summary>What is left when no token follows.</summary>
    public string Finish() => Tell(tokenizer.Decode(CollectionsMarshal.AsSpan(ids)), keepBack: 0).TrimEnd();

    private string Tell(string text, int keepBack)
    {
        if (ended)
        {
            return "";
        }

        var stop = end is null ? -1 : text.IndexOf(end, StringComparison.Ordinal);
        ended = stop >= 0;
        var certain = ended ? text[..stop].TrimEnd() : text[..Math.Max(0, text.Length - keepBack)];
        if (certain.Length <= told.Length || !certain.StartsWith(told, StringComparison.Ordinal))
        {
            return "";
        }

        var piece = certain[told.Length..];
        told = certain;
        return piece;
    }
}
