using System.Globalization;
using System.Numerics;

namespace StepDistill.Tasks;

/// <summary>
/// Evaluates equations such as <c>( ( 84.0 - 2 ) / 2.0 )</c> exactly. Text is parsed here and nowhere executed.
/// </summary>
/// <remarks>
/// <code>
/// equation   = expression ;
/// expression = term , { ( "+" | "-" ) , term } ;
/// term       = factor , { ( "*" | "/" ) , factor } ;
/// factor     = { "+" | "-" } , ( number | "(" , expression , ")" ) ;
/// number     = [ currency ] , ( whole , [ "." , [ digits ] ] | "." , digits ) ;
/// whole      = digits | 1 to 3 digits , { "," , 3 digits } ;
/// </code>
/// White space may stand between any two of these. <c>−</c> and <c>–</c> are minus; <c>×</c>, <c>·</c> and, between two
/// operands, <c>x</c> are times; <c>÷</c> is division; currency is <c>$</c>, <c>€</c> or <c>£</c>. A value's size is
/// bounded by the length of its text, since there are no powers.
/// </remarks>
public static class Equation
{
    /// <summary>The longest text that is evaluated, in characters.</summary>
    public const int MaxLength = 2000;

    /// <summary>The deepest nesting of parentheses and signs that is evaluated.</summary>
    public const int MaxDepth = 100;

    /// <summary>Evaluates a text that is nothing but an equation.</summary>
    /// <param name="text">The text; outer white space is ignored.</param>
    /// <param name="value">The exact value, where there is one.</param>
    /// <param name="fault">Why there is none, such as a division by zero or a variable; otherwise null.</param>
    public static bool TryEvaluate(ReadOnlySpan<char> text, out Rational value, out string? fault)
    {
        var found = TryEvaluateStart(text, out value, out var length, out fault);
        if (found && text[length..].TrimStart() is { IsEmpty: false } rest)
        {
            fault = $"'{rest[0]}' at character {text.Length - rest.Length + 1} belongs to no equation";
            return false;
        }

        return found;
    }

    /// <summary>Evaluates the longest equation at the start of a text.</summary>
    internal static bool TryEvaluateStart(
        ReadOnlySpan<char> text, out Rational value, out int length, out string? fault)
    {
        // Only as many characters as count are looked at, whatever the length of the text.
        var parser = new Parser(text.Length > MaxLength ? text[..MaxLength] : text);
        fault = parser.Expression(0, out value) ? null : parser.Fault;
        length = parser.Position;
        if (text.Length > MaxLength && length == MaxLength)
        {
            fault = $"it is longer than {MaxLength:N0} characters";
        }

        return fault is null;
    }

    private ref struct Parser(ReadOnlySpan<char> text)
    {
        private readonly ReadOnlySpan<char> text = text;

        public int Position { get; private set; }

        public string? Fault { get; private set; }

        public bool Expression(int depth, out Rational value)
        {
            if (!Term(depth, out value))
            {
                return false;
            }

            while (Operator("+-−–") is { } sign)
            {
                if (!Term(depth, out var other))
                {
                    return false;
                }

                value = sign == '+' ? value + other : value - other;
            }

            return true;
        }

        private bool Term(int depth, out Rational value)
        {
            if (!Factor(depth, out value))
            {
                return false;
            }

            while (Operator("*×·xX/÷") is { } sign)
            {
                if (!Factor(depth, out var other))
                {
                    return false;
                }

                if (sign is not ('/' or '÷'))
                {
                    value *= other;
                }
                else if (other.Numerator.IsZero)
                {
                    return Fail("it divides by zero");
                }
                else
                {
                    value /= other;
                }
            }

            return true;
        }

        private bool Factor(int depth, out Rational value)
        {
            value = default;
            var negative = false;
            while (Operator("+-−–") is { } sign)
            {
                negative ^= sign != '+';
                depth++;
            }

            if (depth > MaxDepth)
            {
                return Fail($"it is nested deeper than {MaxDepth}");
            }

            if (Operator("(") is not null)
            {
                if (!Expression(depth + 1, out value))
                {
                    return false;
                }

                if (Operator(")") is null)
                {
                    return Fail(Position == text.Length ? "a parenthesis is not closed" : Unexpected());
                }
            }
            else if (!Number(out value))
            {
                return false;
            }

            value = negative ? -value : value;
            return true;
        }

        private bool Number(out Rational value)
        {
            value = default;
            SkipBlanks();
            if (Position < text.Length && text[Position] is '$' or '€' or '£')
            {
                Position++;
                SkipBlanks();
            }

            var start = Position;
            var digits = BigInteger.Zero;
            Digits(ref digits, int.MaxValue);
            if (Position - start is >= 1 and <= 3)
            {
                while (IsGroup())
                {
                    Position++;
                    Digits(ref digits, 3);
                }
            }

            var scale = BigInteger.One;
            if (Position < text.Length && text[Position] == '.')
            {
                var point = Position++;
                var decimals = Digits(ref digits, int.MaxValue);
                scale = BigInteger.Pow(10, decimals);
                if (decimals == 0)
                {
                    Position = point;       // a full stop, unless an operator or parenthesis follows as in (84. / 2)
                    if (point > start && text[(point + 1)..].TrimStart() is ['+' or '-' or '*' or '/' or ')', ..])
                    {
                        Position++;
                    }
                }
            }

            if (Position == start)
            {
                return Fail(Position == text.Length ? "it ends where a number should stand" : Unexpected());
            }

            value = new Rational(digits, scale);
            return true;
        }

        /// <summary>Whether a comma and exactly three digits come next.</summary>
        private readonly bool IsGroup() =>
            text[Position..] is [',', >= '0' and <= '9', >= '0' and <= '9', >= '0' and <= '9', .. var rest]
            && rest is not [>= '0' and <= '9', ..];

        /// <summary>
        /// Whether an <c>x</c> before this text is a sign, and not a variable or the start of a word.
        /// </summary>
        private static bool StartsOperand(ReadOnlySpan<char> rest) =>
            rest.TrimStart() is [>= '0' and <= '9' or '(' or '.' or '$' or '€' or '£', ..];

        private int Digits(ref BigInteger number, int most)
        {
            var start = Position;
            while (Position < text.Length && char.IsAsciiDigit(text[Position]) && Position - start < most)
            {
                Position++;
            }

            if (Position > start)
            {
                var part = text[start..Position];
                number *= BigInteger.Pow(10, part.Length);
                number += BigInteger.Parse(part, CultureInfo.InvariantCulture);
            }

            return Position - start;
        }

        private char? Operator(string signs)
        {
            var before = Position;
            SkipBlanks();
            if (Position < text.Length && signs.Contains(text[Position], StringComparison.Ordinal)
                && (text[Position] is not ('x' or 'X') || StartsOperand(text[(Position + 1)..])))
            {
                return text[Position++];
            }

            Position = before;
            return null;
        }

        private void SkipBlanks()
        {
            while (Position < text.Length && char.IsWhiteSpace(text[Position]))
            {
                Position++;
            }
        }

        private readonly string Unexpected()
        {
            var rest = text[Position..].TrimStart();
            return rest.IsEmpty ? "it ends too early" : char.IsLetter(rest[0])
                ? $"'{Word(rest)}' is no number"
                : $"'{rest[0]}' stands where a number or operator should";
        }

        private static string Word(ReadOnlySpan<char> rest)
        {
            var end = 0;
            while (end < rest.Length && end < 30 && char.IsLetterOrDigit(rest[end]))
            {
                end++;
            }

            return rest[..end].ToString();
        }

        private bool Fail(string reason)
        {
            Fault = reason;
            return false;
        }
    }
}
