using System.Numerics;

namespace StepDistill.Tasks;

/// <summary>An exact fraction in lowest terms; its denominator is positive.</summary>
public readonly record struct Rational
{
    private readonly BigInteger denominatorLessOne;     // so that default(Rational) is 0/1

    /// <summary>Makes a fraction and reduces it.</summary>
    /// <param name="numerator">Any number.</param>
    /// <param name="denominator">Any number but 0.</param>
    /// <exception cref="DivideByZeroException">The denominator is 0.</exception>
    public Rational(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero)
        {
            throw new DivideByZeroException();
        }

        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator) * denominator.Sign;
        Numerator = numerator / divisor;
        denominatorLessOne = (denominator / divisor) - 1;
    }

    /// <summary>The numerator; it bears the sign.</summary>
    public BigInteger Numerator { get; }

    /// <summary>The denominator, at least 1.</summary>
    public BigInteger Denominator => denominatorLessOne + 1;

    /// <summary>The sum.</summary>
    /// <param name="a">A summand.</param>
    /// <param name="b">A summand.</param>
    public static Rational operator +(Rational a, Rational b) =>
        new((a.Numerator * b.Denominator) + (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    /// <summary>The difference.</summary>
    /// <param name="a">What is lessened.</param>
    /// <param name="b">What is taken away.</param>
    public static Rational operator -(Rational a, Rational b) => a + -b;

    /// <summary>The opposite.</summary>
    /// <param name="a">Any fraction.</param>
    public static Rational operator -(Rational a) => new(-a.Numerator, a.Denominator);

    /// <summary>The product.</summary>
    /// <param name="a">A factor.</param>
    /// <param name="b">A factor.</param>
    public static Rational operator *(Rational a, Rational b) =>
        new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    /// <summary>The quotient.</summary>
    /// <param name="a">What is divided.</param>
    /// <param name="b">Any fraction but 0.</param>
    /// <exception cref="DivideByZeroException">The divisor is 0.</exception>
    public static Rational operator /(Rational a, Rational b) =>
        new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    /// <summary>The fraction as <c>7/2</c>, a whole number without its denominator.</summary>
    public override string ToString() => Denominator.IsOne ? $"{Numerator}" : $"{Numerator}/{Denominator}";
}
