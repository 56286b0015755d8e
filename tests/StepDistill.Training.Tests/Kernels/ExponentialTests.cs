using System.Runtime.Intrinsics;
using StepDistill.Training.Kernels;

namespace StepDistill.Training.Tests.Kernels;

public sealed class ExponentialTests
{
    [Fact]
    public void It_is_exact_to_two_units_in_the_last_place()
    {
        for (var x = -87f; x < 88f; x += 0.0137f)
        {
            var exact = Math.Exp(x);
            Assert.InRange(Exponential.Of(Vector512.Create(x))[3], exact * (1 - 2.4e-7), exact * (1 + 2.4e-7));
        }
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(-88f, 0f)]
    [InlineData(-1e30f, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void It_ends_where_float32_does_and_loses_no_NaN(float x, float expected) =>
        Assert.Equal(expected, Exponential.Of(Vector512.Create(x))[0]);
}
