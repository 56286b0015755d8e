using StepDistill.Cli.Quickstart;
using StepDistill.Evaluation.Comparisons;

namespace StepDistill.Cli.Tests.Quickstart;

public sealed class QuickstartWordsTests
{
    [Theory]
    [InlineData(0.05, 0.21, true, "Training on reasons helped: step-by-step is ahead by +13.0 points (95 % interval +5.0 to +21.0")]
    [InlineData(-0.21, -0.05, false, "Reasons did not help here: step-by-step is behind; the difference is -13.0 points")]
    [InlineData(-0.01, 0.27, null, "This does not show that reasons help: the difference is +13.0 points (95 % interval -1.0 to +27.0")]
    public void The_interval_decides_what_is_said(double low, double high, bool? helped, string said)
    {
        var report = Report(Difference(low, high));

        Assert.Equal(helped, QuickstartWords.Helped(report));
        Assert.StartsWith(said, QuickstartWords.Conclusion(report).First(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_difference_nothing_is_claimed()
    {
        var report = Report(null);

        Assert.Null(QuickstartWords.Helped(report));
        Assert.Contains("cannot be compared", Assert.Single(QuickstartWords.Conclusion(report)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_shows_every_run_and_calls_the_teacher_simulated() => Assert.Equal(
        [
            "right answers      seed 3  seed 4    mean     95 % interval",
            "finetune           40.0 %  failed  40.0 %  30.0 % to 50.0 %",
            "step-by-step       70.0 %  60.0 %  65.0 %  60.0 % to 70.0 %",
            "simulated teacher                  92.0 %  90.0 % to 94.0 %",
        ],
        QuickstartWords.Table(Report(Difference(0.1, 0.2))));

    private static ComparedDifference Difference(double low, double high) =>
        new("step-by-step", "finetune", 1, (low + high) / 2, low, high, low, high, [3, 4], [low, high]);

    private static ComparisonReport Report(ComparedDifference? difference) => new()
    {
        Recipe = "quickstart",
        Task = "things-game",
        Split = "test",
        Rows = 10,
        RowsHash = "",
        Baseline = 0.3,
        Teacher = new("simulated-teacher", Simulated: true, 0.92, 92, 100, 0.9, 0.94, 0),
        Arms =
        [
            new("finetune", 1, [3], 0.4, 0.3, 0.5, 0.4, 0.4, null, 0, 1, 6),
            new("step-by-step", 1, [3, 4], 0.65, 0.6, 0.7, 0.6, 0.7, 0.07, 0, 0, 6),
        ],
        Differences = difference is null ? [] : [difference],
        Cells =
        [
            new("finetune", 1, 3) { Accuracy = 0.4 },
            new("step-by-step", 1, 3) { Accuracy = 0.7 },
            new("finetune", 1, 4) { Fault = "The loss is not a number." },
            new("step-by-step", 1, 4) { Accuracy = 0.6 },
        ],
        Origin = new("quickstart", new Dictionary<string, string>(), new Dictionary<string, string>()),
    };
}
