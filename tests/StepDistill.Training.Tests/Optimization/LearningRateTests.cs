using StepDistill.Training.Optimization;

namespace StepDistill.Training.Tests.Optimization;

public sealed class LearningRateTests
{
    [Theory]
    [InlineData(0, 1e-3)]
    [InlineData(1, 0.875e-3)]
    [InlineData(7, 0.125e-3)]
    [InlineData(8, 0)]
    [InlineData(9, 0)]
    public void Without_warm_up_it_falls_from_the_peak_to_zero(int step, double rate) =>
        Assert.Equal(rate, new LearningRate(1e-3, Steps: 8).At(step), 1e-12);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0.5)]
    [InlineData(10, 1)]
    [InlineData(20, 0.5)]
    [InlineData(30, 0)]
    public void It_rises_through_the_warm_up(int step, double rate) =>
        Assert.Equal(rate, new LearningRate(1, Steps: 30, WarmupSteps: 10).At(step), 1e-12);

    [Theory]
    [InlineData(5, 0.5)]
    [InlineData(10, 1)]
    [InlineData(1000, 1)]
    public void A_constant_rate_stays_after_the_warm_up(int step, double rate) =>
        Assert.Equal(rate, new LearningRate(1, Steps: 30, WarmupSteps: 10, Linear: false).At(step), 1e-12);
}
