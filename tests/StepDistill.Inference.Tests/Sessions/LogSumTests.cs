using CsCheck;
using StepDistill.Inference.Sessions;

namespace StepDistill.Inference.Tests.Sessions;

public sealed class LogSumTests
{
    [Fact]
    public void It_is_that_of_exact_arithmetic_also_for_scores_whose_exponential_overflows() =>
        Gen.Select(Gen.Float[-20, 20].Array[1, 3000], Gen.Int[-1, 1].Select(n => 500f * n)).Sample((scores, shift) =>
        {
            var exact = shift + Math.Log(scores.Sum(score => Math.Exp(score)));
            Assert.Equal(exact, LogSum.Of([.. scores.Select(score => score + shift)]), 1e-3);
        });
}
