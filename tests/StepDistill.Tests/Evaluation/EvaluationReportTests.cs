using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Evaluation;
using StepDistill.Runs;
using StepDistill.Tests.Runs;

namespace StepDistill.Tests.Evaluation;

public sealed class EvaluationReportTests : IDisposable
{
    private readonly TemporaryFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void It_reads_back_the_same_with_every_answer()
    {
        var report = Make();

        report.Write(_files["test"]);
        var back = EvaluationReport.Read(_files["test"])!;

        Assert.Equal(Json(report), Json(back));
        Assert.Equal(report.Predictions, back.Predictions);
    }

    [Fact]
    public void Its_names_are_in_snake_case()
    {
        Make().Write(_files["test"]);

        var report = JsonNode.Parse(File.ReadAllText(_files["test/report.json"]))!;
        var row = JsonNode.Parse(File.ReadLines(_files["test/predictions.jsonl"]).First())!;

        Assert.Equal((2, 1, 0.5), ((int)report["rows"]!, (int)report["correct"]!, (double)report["accuracy"]!));
        Assert.NotNull(report["macro_f1"]);
        Assert.Equal(["low", "high"], report["interval"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal(["id", "gold", "label", "correct", "readable"], row.AsObject().Select(pair => pair.Key));
    }

    [Fact]
    public void Where_nothing_was_evaluated_there_is_no_report() => Assert.Null(EvaluationReport.Read(_files["nothing"]));

    [Theory]
    [InlineData("report.json", "{")]
    [InlineData("report.json", "null")]
    [InlineData("report.json", "{}")]
    [InlineData("predictions.jsonl", "{}\n")]
    [InlineData("predictions.jsonl", "null\n")]
    [InlineData("predictions.jsonl", "")]
    public void Damaged_files_are_named(string file, string content)
    {
        Make().Write(_files["test"]);
        File.WriteAllText(Path.Combine(_files["test"], file), content);

        var fault = Assert.Throws<StepDistillException>(() => EvaluationReport.Read(_files["test"]));

        Assert.StartsWith($"{_files["test"]} holds no evaluation that can be read", fault.Message, StringComparison.Ordinal);
    }

    private static EvaluationReport Make()
    {
        using var student = new Answers.Student("owl", "eagle");
        return new Evaluator(Answers.Birds) { WithRationale = false }
            .Score(student, Answers.Rows("owl", "crow"));
    }

    private static string Json(EvaluationReport report) => JsonSerializer.Serialize(report, RunJson.Page);
}
