using System.Globalization;
using StepDistill.Cli.Rendering;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;

namespace StepDistill.Cli.Quickstart;

/// <summary>What a comparison's numbers allow the quickstart to say.</summary>
internal static class QuickstartWords
{
    /// <summary>Sets arms and seeds side by side, with the simulated teacher below.</summary>
    public static IEnumerable<string> Table(ComparisonReport report)
    {
        var seeds = report.Cells.Select(cell => cell.Seed).Distinct().Order().ToList();
        var rows = report.Arms
            .Select(arm => (string[])
            [
                arm.Arm,
                .. seeds.Select(seed => Share(report.Cells.Single(cell => cell.Arm == arm.Arm && cell.Seed == seed).Accuracy)),
                Share(arm.Accuracy),
                $"{Share(arm.Low)} to {Share(arm.High)}",
            ])
            .ToList();
        if (report.Teacher is { } teacher)
        {
            rows.Add(["simulated teacher", .. seeds.Select(_ => ""), Share(teacher.Accuracy), $"{Share(teacher.Low)} to {Share(teacher.High)}"]);
        }

        return TextTable.Lines(["right answers", .. seeds.Select(seed => $"seed {seed}"), "mean", "95 % interval"], rows);
    }

    /// <summary>The difference between the arms; null where a run failed and there is none.</summary>
    public static ComparedDifference? Difference(ComparisonReport report) =>
        report.Differences.SingleOrDefault(one => one.Arm == Arms.StepByStep && one.Against == Arms.Finetune);

    /// <summary>Whether training on reasons helped: null where the numbers do not tell.</summary>
    public static bool? Helped(ComparisonReport report) => Difference(report) switch
    {
        { Low: > 0 } => true,
        { High: < 0 } => false,
        _ => null,
    };

    /// <summary>What it means, in plain words; whatever the numbers are.</summary>
    public static IEnumerable<string> Conclusion(ComparisonReport report)
    {
        if (Difference(report) is not { } difference)
        {
            yield return "Some trainings failed, so the two ways cannot be compared; the report says why.";
            yield break;
        }

        var interval = string.Create(
            CultureInfo.InvariantCulture,
            $"{Points(difference.Difference)} points (95 % interval {Points(difference.Low)} to {Points(difference.High)}, over questions and seeds)");
        yield return Helped(report) switch
        {
            true => $"Training on reasons helped: step-by-step is ahead by {interval}.",
            false => $"Reasons did not help here: step-by-step is behind; the difference is {interval}.",
            null => $"This does not show that reasons help: the difference is {interval}, and the interval includes 0.",
        };
        yield return "Both had the same questions with the same right answers, and both answer at the same cost: the reasons are needed for training only.";
    }

    /// <summary>Writes a share as a percentage.</summary>
    public static string Share(double? share) => share?.ToString("P1", CultureInfo.InvariantCulture) ?? "failed";

    private static string Points(double share) => (share * 100).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);
}
