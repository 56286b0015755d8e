using CsCheck;
using StepDistill.Inference.Confidence;

namespace StepDistill.Inference.Tests.Confidence;

public sealed class LabelTemperatureTests
{
    [Fact]
    public void Probabilities_add_up_and_keep_their_order() =>
        Gen.Select(Gen.Double[-800, 0].Array[1, 8], Gen.Double[0.1, 10]).Sample((scores, temperature) =>
        {
            var shares = LabelTemperature.Apply(scores, temperature);
            Assert.Equal(1, shares.Sum(), 1e-9);
            Assert.All(shares, share => Assert.InRange(share, 0, 1));
            var order = Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).ToArray();
            Assert.All(order.Zip(order.Skip(1)), pair => Assert.True(shares[pair.First] <= shares[pair.Second]));
        });

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(3)]
    public void The_temperature_that_made_a_student_too_sure_is_found_again(double temperature)
    {
        // Rows whose right label is drawn with the true probabilities, told with logarithms that are too large by the temperature.
        var random = new Random(7);
        var rows = Enumerable.Range(0, 20_000).Select(_ =>
        {
            double[] truth = [random.NextDouble() * 3, random.NextDouble() * 3, 0];
            var shares = LabelTemperature.Apply(truth, 1);
            var draw = random.NextDouble();
            var right = draw < shares[0] ? 0 : draw < shares[0] + shares[1] ? 1 : 2;
            return (truth.Select(value => value * temperature).ToArray(), right);
        }).ToList();

        Assert.Equal(temperature, LabelTemperature.Fit(rows), temperature * 0.1);
    }

    [Fact]
    public void Without_rows_nothing_is_changed() => Assert.Equal(1, LabelTemperature.Fit([]));

    [Fact]
    public void A_student_that_is_always_right_gets_the_lowest_temperature_and_no_number_that_is_none()
    {
        var found = LabelTemperature.Fit([.. Enumerable.Repeat((new[] { 0.0, -1 }, 0), 10)]);

        Assert.Equal(0.05, found, 0.001);
    }
}
