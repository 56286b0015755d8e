using StepDistill.Evaluation.Comparisons;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Reports.Pages;

/// <summary>What answers cost, and when distilling has paid.</summary>
internal static class CostSection
{
    public static void Write(HtmlWriter page, ComparisonReport report)
    {
        if (report.Costs is not { } costs)
        {
            return;
        }

        page.Section("costs", "Costs");
        var table = new HtmlTable("what", "US dollars:", "from");
        table.Add("a thousand answers of the teacher", Dollars(costs.TeacherPerThousand), costs.TeacherNote);
        table.Add("a thousand answers of the student", Dollars(costs.StudentPerThousand), costs.StudentNote);
        table.Add("annotating, once", Dollars(costs.Annotating), "the answers that are stored");
        table.Add("training one student, once", Dollars(costs.Training), "the same machine as for the student's answers");
        page.Table(table, "Costs");
        page.Element("p", costs.PaidAfter is { } paid
            ? $"Distilling has paid after {About(paid)} answers."
            : "When distilling has paid cannot be said: it never does at these prices, or one of them is missing.");
        page.EndSection();
    }
}
