using System.Text.Json;

using StepDistill.Benchmarks.TrainSteps;

namespace StepDistill.Benchmarks.Tests.TrainSteps;

/// <summary>The short form of the benchmark: wrong numbers fail, slow ones do not.</summary>
public sealed class TrainStepBenchmarkTests
{
    [Fact]
    public void The_variants_compute_the_same()
    {
        var agreement = Agreement.Measure(Options.Parse(["--short"]));

        Assert.Empty(agreement.Faults());
        Assert.True(agreement.PaperAndFloat32 > 0, "The paper's arithmetic and ours are the same code.");
    }

    [Theory]
    [InlineData(2e-4, 5, 5)]
    [InlineData(double.NaN, 5, 5)]
    [InlineData(0, 5, 5.2)]
    [InlineData(0, 5, double.NaN)]
    public void Wrong_numbers_are_told(double losses, double full, double half) =>
        Assert.Single(new Agreement(losses, full, half, 30).Faults());

    [Fact]
    public void The_report_names_every_variant_in_both_forms()
    {
        var report = TrainStepBenchmark.Measure(Options.Parse(["--short"]));

        var json = JsonSerializer.SerializeToElement(report, TrainStepBenchmark.Json).GetProperty("results")[0];
        Assert.Equal(
            ["paper", "float32", "bfloat16"], json.GetProperty("variants").EnumerateArray().Select(v => v.GetProperty("name").GetString()!));
        Assert.Equal(1, json.GetProperty("variants")[0].GetProperty("times_the_paper").GetDouble());
        Assert.All(["paper", "float32", "bfloat16"], name => Assert.Contains($"\n{name}", report.Text(), StringComparison.Ordinal));
    }

    [Fact]
    public void An_unknown_option_is_refused() =>
        Assert.Contains("--fast", Assert.Throws<ArgumentException>(() => Options.Parse(["--fast"])).Message, StringComparison.Ordinal);
}
