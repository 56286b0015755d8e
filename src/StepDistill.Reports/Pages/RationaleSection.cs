using System.Globalization;
using StepDistill.Evaluation.Comparisons;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Reports.Pages;

/// <summary>Whether the teacher's reasons are reasons.</summary>
internal static class RationaleSection
{
    public static void Write(HtmlWriter page, ComparisonReport report)
    {
        if (report.Rationales is not { } reasons)
        {
            return;
        }

        page.Section("rationales", "The teacher's reasons");
        page.Element("p", $"Looked at in {Count(reasons.Rows)} training rows. Whether reasons helped at all is said by the arm that learnt from "
            + "shuffled ones, where there is one: what it reaches, reasons did not do.");
        var table = new HtmlTable("what", "value:", "95 % interval:");
        table.Add("words of a reason (median)", reasons.Words.ToString("0.#", CultureInfo.InvariantCulture), "");
        table.Add("write the teacher's label out: the label leaks", Percent(reasons.NamesOwnLabel), "");
        table.Add("write out another label and not their own", Percent(reasons.NamesOnlyOtherLabel), "");
        table.Add(
            "label told from the reason alone, by its words",
            Percent(reasons.LabelFromRationale),
            (reasons.LabelFromRationaleLow, reasons.LabelFromRationaleHigh) is ({ } low, { } high) ? Percents(low, high) : "");
        table.Add("label told from the input alone, by its words", Percent(reasons.LabelFromInput), "");
        table.Add("label told from nothing: the commonest", Percent(reasons.CommonestLabel), "");
        page.Table(table, "The teacher's reasons");
        if (reasons.Judgement is { } judgement)
        {
            page.Element("p", $"{judgement.Judge}, asked about {Of(judgement.Rows, "row")} in both orders, prefers the student's reason "
                + $"in {Count(judgement.PrefersStudent)} and the teacher's in {Count(judgement.PrefersTeacher)}; "
                + $"{Count(judgement.Undecided)} are undecided{(judgement.Unanswered > 0 ? $"; {Count(judgement.Unanswered)} requests were not answered" : "")}.");
        }

        page.EndSection();
    }
}
