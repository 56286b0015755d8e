using StepDistill.Annotations.Filters;
using StepDistill.Tasks;

namespace StepDistill.Evaluation.Rationales;

/// <summary>Finds labels that a text writes out.</summary>
internal static class LabelMentions
{
    /// <summary>Which labels stand in a text as whole words, without regard to case and signs.</summary>
    /// <param name="words">The text's words.</param>
    /// <param name="labels">The labels. Where one is a part of another, as in <c>not entailment</c>, the longer one is meant.</param>
    /// <returns>The places of those found in <paramref name="labels"/>.</returns>
    public static HashSet<int> In(List<string> words, IReadOnlyList<string> labels)
    {
        (List<string> Words, int Place)[] longestFirst =
        [
            .. labels.Select((label, place) => (Words: PlainWords.Of(label), Place: place))
                .Where(label => label.Words.Count > 0).OrderByDescending(label => label.Words.Count),
        ];
        var found = new HashSet<int>();
        for (var start = 0; start < words.Count;)
        {
            var here = longestFirst.FirstOrDefault(label => start + label.Words.Count <= words.Count
                && label.Words.SequenceEqual(words.Skip(start).Take(label.Words.Count)));
            if (here.Words is not null)
            {
                found.Add(here.Place);
            }

            start += here.Words?.Count ?? 1;
        }

        return found;
    }

    /// <summary>Whether a number or an equation in a text has a value.</summary>
    /// <param name="text">The text.</param>
    /// <param name="value">The value.</param>
    public static bool HasValue(ReadOnlySpan<char> text, Rational value)
    {
        for (var start = 0; start < text.Length; start++)
        {
            var isNumber = char.IsAsciiDigit(text[start]);
            if ((!isNumber && text[start] != '(') || (isNumber && start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] is '.' or ',')))
            {
                continue;       // nothing starts here, or within a word or number
            }

            var rest = text[start..];
            var end = rest.IndexOfAnyExcept("0123456789.,");
            if ((Equation.TryEvaluateStart(rest, out var equation, out _, out _) && equation == value)
                || (Equation.TryEvaluate((end < 0 ? rest : rest[..end]).TrimEnd(".,"), out var number, out _) && number == value))
            {
                return true;
            }
        }

        return false;
    }
}
