using StepDistill.Cli.Rendering;

namespace StepDistill.Cli.Tests.Rendering;

public sealed class DurationTests
{
    [Theory]
    [InlineData(0.2, "0 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(273_600, "3 d 4 h")]
    public void Two_units_are_enough(double seconds, string shown) =>
        Assert.Equal(shown, Duration.Show(TimeSpan.FromSeconds(seconds)));
}
