using StepDistill.Evaluation.Comparisons;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Reports.Pages;

/// <summary>How to read the page.</summary>
internal static class ReadingSection
{
    public static void Write(HtmlWriter page, ComparisonReport report)
    {
        page.Section("reading", "How to read this");
        page.Raw("<dl>\n");
        Term("Accuracy", "The share of rows answered right. An answer that is no label of the task is unreadable and counts as wrong.");
        Term("95 % interval", "Holds the true value in about 95 of 100 repetitions with other rows of the same kind and, where there are "
            + "several seeds, other seeds. Differences are paired: each row is compared with itself, each seed with the same seed.");
        Term("These students", "The narrower interval for the very students of these runs on other rows. Where it leaves out 0 and the "
            + "other one does not, more seeds would help; where both hold 0, more rows would too.");
        Term("Told apart: no", "Does not mean equal. It means that this many rows and seeds cannot say.");
        Term("p", "How often chance in rows and seeds alone would show a difference this large. Holm's is corrected for the number of "
            + "differences in this report; McNemar's is for these very students.");
        Term("Detectable", "The smallest true difference that these rows and seeds would have shown four times in five.");
        Term("Without reading the input", "The commonest answer's share or, if higher, the chance of guessing among a row's choices: "
            + $"{Percent(report.Baseline)}. A student is stuck if its own interval reaches down to it.");
        Term("Macro-F1", "The mean over labels of F1, the harmonic mean of precision and recall.");
        Term("Calibration error", "By how much a student's confidence misses its accuracy; less is better.");
        Term("ROUGE-L", "How much of the teacher's reason a student's reason repeats in the same order.");
        page.Raw("</dl>\n");
        page.EndSection();

        void Term(string term, string meaning)
        {
            page.Element("dt", term);
            page.Element("dd", meaning);
        }
    }
}
