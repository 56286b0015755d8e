using System.Text.Json;
using StepDistill.Evaluation.Statistics;
using StepDistill.Files;
using StepDistill.Runs;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>
/// What a comparison leaves: every run, the means of each arm, the differences between arms, and the teacher.
/// </summary>
/// <remarks>
/// All shares are from 0 to 1 and all intervals hold at 95 %; how they are made says <see cref="PairedBootstrap"/>.
/// Runs that failed stand among <see cref="Cells"/> with their fault and count in no mean.
/// </remarks>
public sealed record ComparisonReport
{
    /// <summary>Version of this record's form on the disk.</summary>
    public int Format { get; init; } = 2;

    /// <summary>The recipe's name.</summary>
    public required string Recipe { get; init; }

    /// <summary>The task's name.</summary>
    public required string Task { get; init; }

    /// <summary>Which rows were answered, such as <c>test</c>.</summary>
    public required string Split { get; init; }

    /// <summary>How many rows were answered.</summary>
    public required int Rows { get; init; }

    /// <summary>SHA-256 over these rows.</summary>
    public required string RowsHash { get; init; }

    /// <summary>What is right without reading the input; see <see cref="EvaluationReport.Baseline"/>.</summary>
    public required double Baseline { get; init; }

    /// <summary>The teacher on the same rows; null where it never answered them.</summary>
    public required ComparedTeacher? Teacher { get; init; }

    /// <summary>For tasks with a closed set of labels, that set; otherwise null.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The sizes and settings that were tried, smallest student first; one without a name where there is only the recipe's own.</summary>
    public IReadOnlyList<ComparedVariant> Variants { get; init; } = [];

    /// <summary>Each arm at each fraction.</summary>
    public required IReadOnlyList<ComparedArm> Arms { get; init; }

    /// <summary>Each pair of arms at each fraction, and each arm against the teacher.</summary>
    public required IReadOnlyList<ComparedDifference> Differences { get; init; }

    /// <summary>Each arm against the teacher, with the margin that was named; empty without a teacher or a margin.</summary>
    public IReadOnlyList<ComparedStanding> Standings { get; init; } = [];

    /// <summary>How accuracy grows with rows and with size; empty where there is only one of each.</summary>
    public IReadOnlyList<ComparedCurve> Curves { get; init; } = [];

    /// <summary>What arms need to equal fine-tuning that has everything.</summary>
    public IReadOnlyList<ComparedSaving> Savings { get; init; } = [];

    /// <summary>What the teacher's reasons have to do with the labels; null where there are none.</summary>
    public ComparedRationales? Rationales { get; init; }

    /// <summary>What answers cost; null where nothing is known.</summary>
    public ComparedCosts? Costs { get; init; }

    /// <summary>The conditions that were named.</summary>
    public IReadOnlyList<ComparedGate> Gates { get; init; } = [];

    /// <summary>Every run.</summary>
    public required IReadOnlyList<ComparedCell> Cells { get; init; }

    /// <summary>What else belongs to a record of the comparison.</summary>
    public required ComparisonOrigin Origin { get; init; }

    /// <summary>Puts results together.</summary>
    /// <param name="plan">The cells that were meant to run.</param>
    /// <param name="outcomes">What became of them.</param>
    /// <param name="teacher">The teacher's own answers to the same rows, or null.</param>
    /// <param name="origin">Where it all comes from.</param>
    /// <param name="margin">By how much students may be worse than the teacher and still stand for it, as a share.</param>
    /// <exception cref="StepDistillException">
    /// No run has a result, or runs were evaluated on different rows.
    /// </exception>
    public static ComparisonReport Make(
        ComparisonPlan plan, IReadOnlyList<CellOutcome> outcomes, TeacherResult? teacher, ComparisonOrigin origin, double margin = 0.01) =>
        new ComparisonAnalysis(plan, outcomes, teacher, margin).Report(origin);

    /// <summary>The report for people, in Markdown.</summary>
    public string ToMarkdown() => ComparisonMarkdown.Write(this);

    /// <summary>The beginning of <see cref="ToMarkdown"/>, as much as a terminal can show: what the numbers allow to say, gates and accuracies.</summary>
    public string ToText() => ComparisonMarkdown.WriteBeginning(this);

    /// <summary>The report for programs: one JSON object in snake_case.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RunJson.Page) + "\n";

    /// <summary>Writes <c>comparison.json</c> and <c>comparison.md</c>, each whole or not at all.</summary>
    /// <param name="folder">Where to; it is made. Older ones are replaced.</param>
    /// <returns>The Markdown file's path.</returns>
    public string Write(string folder)
    {
        AtomicFile.WriteText(Path.Combine(folder, "comparison.json"), ToJson());
        var page = Path.Combine(folder, "comparison.md");
        AtomicFile.WriteText(page, ToMarkdown());
        return page;
    }
}
