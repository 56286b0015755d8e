using StepDistill.Teachers.Prices;

namespace StepDistill.Tests.Teachers.Prices;

public sealed class MeasuredAnswersTests
{
    [Fact]
    public void What_never_varies_is_known_exactly()
    {
        var measured = new MeasuredAnswers();
        for (var i = 1; i <= 10; i++)
        {
            measured.Add(400 * i, 100 * i, 50, TimeSpan.FromSeconds(i % 2 == 0 ? 0 : 2));
        }

        Assert.Equal((10_000, 0), Rounded(measured.Project(7, 40_000, 1, 0)));
        Assert.Equal((350, 0), Rounded(measured.Project(7, 40_000, 0, 1)));
        Assert.Equal((0, 0), Rounded(measured.Project(0, 0, 1, 1)));
        Assert.Equal(2, measured.Latency);
    }

    [Fact]
    public void The_interval_is_that_of_the_textbook()
    {
        // Replies of 40, 50 and 60 tokens: mean 50, s² = 100. Total of 30 more: 1,500 ± 4.3027·√(30·100 + 900·100/3).
        var measured = new MeasuredAnswers();
        foreach (var tokens in new[] { 40, 50, 60 })
        {
            measured.Add(10, 5, tokens, TimeSpan.Zero);
        }

        var (total, half) = measured.Project(30, 300, 0, 1);
        Assert.Equal(1500, total, 1e-9);
        Assert.Equal(4.302653 * Math.Sqrt(33_000), half, 1e-3);
        Assert.Null(measured.Latency);
    }

    [Theory]
    [InlineData(10, 300)]
    [InlineData(50, 1000)]
    [InlineData(200, 50)]
    public void The_true_bill_lies_in_19_of_20_intervals(int sample, int rest)
    {
        const int Rounds = 600;
        var random = new Random(sample);
        var inside = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var measured = new MeasuredAnswers();
            var (bytes, bill) = (0L, 0.0);
            for (var row = 0; row < sample + rest; row++)
            {
                var x = 2000 + random.Next(4000);
                var y = (int)(x / (3.4 + (random.NextDouble() * 1.2)));
                var z = 30 + random.Next(60) + (y / 50);        // longer questions have longer answers
                if (row < sample)
                {
                    measured.Add(x, y, z, TimeSpan.Zero);
                }
                else
                {
                    bytes += x;
                    bill += (y * 0.15) + (z * 0.60);
                }
            }

            var (total, half) = measured.Project(rest, bytes, 0.15, 0.60);
            inside += Math.Abs(total - bill) <= half ? 1 : 0;
        }

        // Of 600 true 95 % intervals, 0.92 to 0.98 are more than three standard errors away.
        Assert.InRange((double)inside / Rounds, 0.92, 0.98);
    }

    private static (double, double) Rounded((double Total, double Half) sum) => (Math.Round(sum.Total, 6), Math.Round(sum.Half, 3));
}
