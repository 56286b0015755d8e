using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using CsCheck;
using StepDistill.Tasks;

namespace StepDistill.Tests.Tasks;

public sealed class EquationTests
{
    [Theory]
    [InlineData("( 84.0 / 2.0 )", "42")]
    [InlineData("7", "7")]
    [InlineData(" 1 + 2 * 3 - 4 / 8 ", "13/2")]
    [InlineData("(16 * 17) * 4", "1088")]
    [InlineData("10 - 4 - 3", "3")]
    [InlineData("100 / 10 / 5", "2")]
    [InlineData("-(3 - 5) + +1", "3")]
    [InlineData("2 - -2", "4")]
    [InlineData(".5 + 1.25", "7/4")]
    [InlineData("1/3 + 1/3 + 1/3", "1")]
    [InlineData("322,775 / 5", "64555")]
    [InlineData("1,234,567.5", "2469135/2")]
    [InlineData("6 × 7", "42")]
    [InlineData("6 x 7", "42")]
    [InlineData("6x7", "42")]
    [InlineData("84 ÷ 2", "42")]
    [InlineData("5 − 7 – 1", "-3")]
    [InlineData("$ 23 * 10", "230")]
    [InlineData("(84. / 2.)", "42")]
    public void It_has_an_exact_value(string text, string expected)
    {
        Assert.True(Equation.TryEvaluate(text, out var value, out var fault), fault);
        Assert.Equal(expected, value.ToString());
        Assert.Null(fault);
    }

    [Theory]
    [InlineData("", "ends where a number should stand")]
    [InlineData("12 +", "ends where a number should stand")]
    [InlineData("(1 + 2", "not closed")]
    [InlineData("1 + 2)", "')' at character 6")]
    [InlineData("4 / (2 - 2)", "divides by zero")]
    [InlineData("(2 * x)", "'x' is no number")]
    [InlineData("23 + x", "'x' is no number")]
    [InlineData("7x", "'x' at character 2")]
    [InlineData("7 x - 3", "'x' at character 3")]
    [InlineData("some - 8", "'some' is no number")]
    [InlineData("(7x = 14)", "'x'")]
    [InlineData("(175, 5)", "','")]
    [InlineData("((28 - 13) and (28 - 15))", "'and'")]
    [InlineData("1,23", "','")]
    [InlineData("1234,567", "','")]
    [InlineData("2 ** 3", "'*'")]
    [InlineData("2 ^ 3", "'^'")]
    [InlineData("3 3", "'3'")]
    [InlineData("1e5", "'e'")]
    [InlineData("42.", "'.'")]
    [InlineData("__import__('os')", "'_'")]
    public void It_has_no_value_for_a_reason(string text, string reason)
    {
        Assert.False(Equation.TryEvaluate(text, out _, out var fault));
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_and_length_are_bounded()
    {
        var deep = new string('(', Equation.MaxDepth + 1) + "1" + new string(')', Equation.MaxDepth + 1);
        Assert.False(Equation.TryEvaluate(deep, out _, out var fault));
        Assert.Contains("nested deeper", fault, StringComparison.Ordinal);
        Assert.True(Equation.TryEvaluate(deep.AsSpan()[1..^1], out _, out _));

        Assert.False(Equation.TryEvaluate(string.Join('+', Enumerable.Repeat("1", 100_000)), out _, out fault));
        Assert.Contains("longer than", fault, StringComparison.Ordinal);
        Assert.False(Equation.TryEvaluate(new string('-', 1000) + "1", out _, out _));
    }

    [Fact]
    public void A_random_tree_written_as_text_has_the_value_that_the_tree_has() => Tree(5).Sample(tree =>
    {
        var found = Equation.TryEvaluate(tree.Text, out var value, out var fault);
        Assert.Equal(tree.Value is not null, found);
        if (tree.Value is { } expected)
        {
            Assert.Equal(expected.Numerator * value.Denominator, value.Numerator * expected.Denominator);
        }
        else
        {
            Assert.Contains("divides by zero", fault, StringComparison.Ordinal);
        }
    }, iter: 5000);

    [Fact]
    public void Any_text_ends_in_a_value_or_a_reason() =>
        Gen.OneOf(Gen.String, Gen.Char["0123456789+-*/()., xX×÷$ab"].Array[0, 60].Select(chars => new string(chars))).Sample(text =>
            Assert.Equal(Equation.TryEvaluate(text, out _, out var fault), fault is null), iter: 20_000);

    [Fact]
    public void Hostile_lengths_take_no_time()
    {
        var watch = Stopwatch.StartNew();
        foreach (var text in (string[])[new('(', 1 << 20), new('9', 1 << 20), string.Join('/', Enumerable.Range(1_000_000, 200_000)), "1" + new string(' ', 1 << 20) + "+"])
        {
            Equation.TryEvaluate(text, out _, out _);
        }

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    /// <summary>
    /// A text and, worked out beside it with plain fractions, its value; null where it divides by zero.
    /// </summary>
    private static Gen<(string Text, (BigInteger Numerator, BigInteger Denominator)? Value)> Tree(int depth)
    {
        var leaf = Gen.Select(Gen.Int[0, 99_999], Gen.Int[0, 2]).Select((number, decimals) =>
        {
            var scale = (int)Math.Pow(10, decimals);
            var text = ((decimal)number / scale).ToString(decimals == 0 && number % 2 == 0 ? "N0" : $"F{decimals}", CultureInfo.InvariantCulture);
            return (text, ((BigInteger, BigInteger)?)(number, scale));
        });
        if (depth == 0)
        {
            return leaf;
        }

        var inner = Tree(depth - 1);
        var node = Gen.Select(inner, inner, Gen.Int[0, 6]).Select((a, b, kind) =>
        {
            // An x before a sign might be a variable, so it is no operator there.
            var sign = kind == 6 && b.Text[0] == '-' ? '*' : "+-*/×÷x"[kind];
            (BigInteger, BigInteger)? value = (a.Value, b.Value) is not ({ } p, { } q) ? null : sign switch
            {
                '+' => (p.Numerator * q.Denominator + q.Numerator * p.Denominator, p.Denominator * q.Denominator),
                '-' => (p.Numerator * q.Denominator - q.Numerator * p.Denominator, p.Denominator * q.Denominator),
                '*' or '×' or 'x' => (p.Numerator * q.Numerator, p.Denominator * q.Denominator),
                _ => q.Numerator.IsZero ? null : (p.Numerator * q.Denominator, p.Denominator * q.Numerator),
            };
            return ($"({a.Text} {sign} {b.Text})", value);
        });
        var negated = inner.Select(a => ($"-{a.Text}", a.Value is { } v ? ((BigInteger, BigInteger)?)(-v.Numerator, v.Denominator) : null));
        return Gen.OneOf(leaf, node, node, negated);
    }
}
