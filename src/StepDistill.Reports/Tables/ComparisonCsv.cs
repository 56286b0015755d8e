using System.Globalization;
using StepDistill.Evaluation.Comparisons;

namespace StepDistill.Reports.Tables;

/// <summary>A comparison's numbers for other programs; shares are from 0 to 1.</summary>
internal static class ComparisonCsv
{
    /// <summary>Every run.</summary>
    public static string Runs(ComparisonReport report)
    {
        var table = new CsvTable(
            "arm", "variant", "fraction", "seed", "run", "identity", "trained_by", "training_examples", "best_step", "validation_score",
            "accuracy", "correct", "rows", "unreadable", "macro_f1", "calibration_error", "rationale_overlap", "stuck", "fault");
        foreach (var cell in report.Cells)
        {
            table.Add(
                cell.Arm, cell.Variant, cell.Fraction, cell.Seed, cell.Run, cell.Identity, cell.TrainedBy, cell.TrainingExamples,
                cell.BestStep, cell.ValidationScore, cell.Accuracy, cell.Correct, cell.Rows, cell.Unreadable, cell.MacroF1,
                cell.CalibrationError, cell.RationaleOverlap, cell.Stuck, cell.Fault);
        }

        return table.ToString();
    }

    /// <summary>Each arm at each fraction.</summary>
    public static string Arms(ComparisonReport report)
    {
        var table = new CsvTable(
            "arm", "variant", "fraction", "training_examples", "seeds", "failed", "stuck", "accuracy", "low", "high", "lowest", "highest",
            "deviation", "macro_f1", "calibration_error", "rationale_overlap", "unreadable");
        foreach (var arm in report.Arms)
        {
            table.Add(
                arm.Arm, arm.Variant, arm.Fraction, arm.TrainingExamples, Seeds(arm.Seeds), arm.Failed, arm.Stuck, arm.Accuracy, arm.Low,
                arm.High, arm.Lowest, arm.Highest, arm.Deviation, arm.MacroF1, arm.CalibrationError, arm.RationaleOverlap, arm.Unreadable);
        }

        return table.ToString();
    }

    /// <summary>Each difference.</summary>
    public static string Differences(ComparisonReport report)
    {
        var table = new CsvTable(
            "arm", "variant", "against", "against_variant", "fraction", "seeds", "difference", "low", "high", "rows_low", "rows_high",
            "p_value", "adjusted_p_value", "mcnemar", "detectable", "decided");
        foreach (var one in report.Differences)
        {
            table.Add(
                one.Arm, one.Variant, one.Against, one.AgainstVariant, one.Fraction, Seeds(one.Seeds), one.Difference, one.Low, one.High,
                one.RowsLow, one.RowsHigh, one.PValue, one.AdjustedPValue, one.McNemar, one.Detectable, one.Decided);
        }

        return table.ToString();
    }

    private static string Seeds(IEnumerable<int> seeds) =>
        string.Join(' ', seeds.Select(seed => seed.ToString(CultureInfo.InvariantCulture)));
}
