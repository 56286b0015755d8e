using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace StepDistill.Teachers.Redaction;

/// <summary>The kinds of personal data that are found without anybody writing a pattern.</summary>
/// <remarks>
/// They look at form, not at meaning: names, addresses and whatever has no form of its own stay. Where a number has check
/// digits they are checked, so that few other numbers are lost.
/// </remarks>
internal static class BuiltInRedaction
{
    /// <summary>The kinds by name, in the order in which they are applied: those that others' digits lie inside come first.</summary>
    public static IReadOnlyList<(string Kind, RedactionRule Rule)> All { get; } =
    [
        ("email", new(Compiled(@"[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+"), "[EMAIL]")),
        ("iban", new(Compiled(@"\b[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]){11,30}"), "[IBAN]", IbanLength)),
        ("credit-card", new(Compiled(@"\b[0-9](?:[ -]?[0-9]){12,18}"), "[CREDIT-CARD]", CardLength)),
        ("ip", new(Compiled(@"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|(?:\b[0-9A-Fa-f]{1,4}|\B)(?::[0-9A-Fa-f]{0,4}){1,6}:(?:[0-9A-Fa-f]{1,4}\b(?:(?:\.[0-9]{1,3}){3}\b)?)?"), "[IP]", AddressLength)),
        ("phone", new(Compiled(@"(?:\+|\b|\()\(?[0-9](?:[ ./()-]{0,3}[0-9]){6,14}\b"), "[PHONE]")),
    ];

    /// <summary>Compiles a pattern so that no text can make it slow.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    /// <exception cref="NotSupportedException">It has look-arounds, back references or atomic groups, which need backtracking.</exception>
    public static Regex Compiled(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <summary>Luhn's check digit, ISO/IEC 7812-1.</summary>
    private static int CardLength(string text) => LongestStart(text, digits =>
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? digit : digit < 5 ? 2 * digit : (2 * digit) - 9;
        }

        return digits.Length >= 13 && sum % 10 == 0 && digits.Trim('0').Length > 0;
    });

    /// <summary>The remainder by 97 that ISO 13616 asks for; letters count as two digits, A as 10.</summary>
    private static int IbanLength(string text) => LongestStart(text, characters =>
    {
        var remainder = 0;
        foreach (var c in characters[4..] + characters[..4])
        {
            var value = char.IsAsciiDigit(c) ? c - '0' : char.ToUpperInvariant(c) - 'A' + 10;
            remainder = ((remainder * (value < 10 ? 10 : 100)) + value) % 97;
        }

        return characters.Length >= 15 && remainder == 1;
    });

    /// <summary>The longest start of a candidate that passes a check and does not end inside a word; what follows a number may look like more of it.</summary>
    private static int LongestStart(string text, Func<string, bool> check)
    {
        for (var end = text.Length; end >= 13; end--)
        {
            if (char.IsAsciiLetterOrDigit(text[end - 1]) && (end == text.Length || !char.IsAsciiLetterOrDigit(text[end]))
                && check(text[..end].Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal)))
            {
                return end;
            }
        }

        return 0;
    }

    /// <summary>The parts must be numbers that an address can have; <c>::</c> alone, as in program text, is none.</summary>
    private static int AddressLength(string text)
    {
        if (!text.Contains(':', StringComparison.Ordinal))
        {
            return text.Split('.').All(part => int.Parse(part, CultureInfo.InvariantCulture) <= 255) ? text.Length : 0;
        }

        return text.Count(char.IsAsciiHexDigit) >= 2 && IPAddress.TryParse(text, out _) ? text.Length : 0;
    }
}
