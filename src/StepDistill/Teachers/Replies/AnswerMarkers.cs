namespace StepDistill.Teachers.Replies;

/// <summary>Finds the places where a reply announces its answer: "So the answer is", "Answer:".</summary>
/// <remarks>
/// <code>
/// marker     = [ connective , [ "," ] ] , { article } , "answer" , { "*" } , ( "is" , [ ":" ] | ":" ) , { "*" } ;
/// connective = "so" | "hence" | "thus" | "therefore" ;
/// article    = "the" | "my" | "our" | "final" | "correct" | "best" ;
/// </code>
/// Case does not matter; white space may stand between any two words.
/// </remarks>
internal static class AnswerMarkers
{
    private static readonly string[] Before =
        ["so", "hence", "thus", "therefore", "the", "my", "our", "final", "correct", "best"];

    /// <summary>A marker: where its first word starts and where the answer after it starts.</summary>
    public readonly record struct Marker(int Start, int End);

    /// <summary>All markers in order of place, in linear time.</summary>
    public static List<Marker> Find(ReadOnlySpan<char> text)
    {
        var markers = new List<Marker>();
        var floor = 0;
        for (var at = 0; text[at..].IndexOf("answer", StringComparison.OrdinalIgnoreCase) is >= 0 and var found;)
        {
            var start = at + found;
            at = start + "answer".Length;
            if ((start > 0 && char.IsLetterOrDigit(text[start - 1])) || End(text, at) is not { } end)
            {
                continue;
            }

            markers.Add(new Marker(Start(text, start, floor), end));
            floor = at = end;
        }

        return markers;
    }

    /// <summary>Reads the marker's end after "answer"; null where the word announces nothing.</summary>
    private static int? End(ReadOnlySpan<char> text, int at)
    {
        at = Skip(text, at);
        if (at < text.Length && text[at] == ':')
        {
            return Skip(text, at + 1);
        }

        if (!text[at..].StartsWith("is", StringComparison.OrdinalIgnoreCase)
            || (at + 2 < text.Length && char.IsLetterOrDigit(text[at + 2])))
        {
            return null;
        }

        at = Skip(text, at + 2);
        return at < text.Length && text[at] == ':' ? Skip(text, at + 1) : at;
    }

    /// <summary>Walks back over the words that lead up to "answer".</summary>
    private static int Start(ReadOnlySpan<char> text, int start, int floor)
    {
        while (true)
        {
            var end = start;
            while (end > floor && (char.IsWhiteSpace(text[end - 1]) || text[end - 1] is ',' or '*' or '#'))
            {
                end--;
            }

            var word = end;
            while (word > floor && char.IsLetter(text[word - 1]))
            {
                word--;
            }

            if (word == end || end - word > 9 || !IsBefore(text[word..end]))
            {
                return end;
            }

            start = word;
        }
    }

    private static bool IsBefore(ReadOnlySpan<char> word)
    {
        foreach (var one in Before)
        {
            if (word.Equals(one, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static int Skip(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && (char.IsWhiteSpace(text[at]) || text[at] == '*'))
        {
            at++;
        }

        return at;
    }
}
