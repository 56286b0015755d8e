using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Annotations;

namespace StepDistill.Cli.Rendering;

/// <summary>A teacher's report in words and as an object.</summary>
internal static class TeacherReportText
{
    /// <summary>The report of one split, to be read by people; its first line is blank.</summary>
    public static IEnumerable<string> Lines(string split, TeacherReport report)
    {
        yield return "";
        yield return Invariant($"{split}: {report.Useful:N0} of {report.Rows:N0} rows useful for training.");
        if (report is { Accuracy: { } accuracy, Interval: { } interval })
        {
            yield return Invariant(
                $"  The teacher is right on {accuracy:P2} of {report.Judged:N0} answered rows with gold labels (95 % interval {interval.Low:P1} to {interval.High:P1}).");
        }

        if (report.Agreement is { } agreement)
        {
            yield return Invariant(
                $"  Its answers to a row agree by {agreement:P2} on average, and all of them on {(double)report.Unanimous / report.Compared:P2} of {report.Compared:N0} rows with several.");
        }

        if (report.Labels.Count > 0)
        {
            var lines = TextTable.Lines(["label", "gold", "teacher", "both"], report.Labels.Select(label => new[]
            {
                label.Label, Number(label.Gold), Number(label.Teacher), Number(label.Both),
            }));
            foreach (var line in lines)
            {
                yield return "  " + line;
            }
        }

        foreach (var drop in report.Dropped)
        {
            yield return Invariant($"  {drop.Answers:N0} answers left out by '{drop.Filter}': {drop.Reason}.");
        }
    }

    /// <summary>The same for programs.</summary>
    public static JsonObject Json(TeacherReport report) => new()
    {
        ["useful"] = report.Useful,
        ["answers"] = report.Answers,
        ["judged"] = report.Judged,
        ["correct"] = report.Correct,
        ["accuracy"] = report.Accuracy,
        ["interval"] = report.Interval is { } interval ? new JsonArray(interval.Low, interval.High) : null,
        ["compared"] = report.Compared,
        ["unanimous"] = report.Unanimous,
        ["agreement"] = report.Agreement,
        ["labels"] = new JsonArray([.. report.Labels.Select(label => (JsonNode)new JsonObject
        {
            ["label"] = label.Label,
            ["gold"] = label.Gold,
            ["teacher"] = label.Teacher,
            ["both"] = label.Both,
        })]),
        ["dropped"] = new JsonArray([.. report.Dropped.Select(drop => (JsonNode)new JsonObject
        {
            ["filter"] = drop.Filter,
            ["reason"] = drop.Reason,
            ["answers"] = drop.Answers,
        })]),
    };

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
