using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;
using StepDistill.Inference;
using StepDistill.Inference.Tests;
using StepDistill.Students;

namespace StepDistill.Cli.Tests.Verbs;

/// <summary>A student of random weights, with libtorch and ONNX Runtime side by side: what it says matters not, only that both say it.</summary>
public sealed class ExportVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ExportVerbTests()
    {
        RandomStudent.Write(_folder["student"], "tiny", RandomStudent.FewestRows);
        _folder.Write("rows.jsonl", string.Join('\n', Enumerable.Range(0, 60).Select(i =>
            $$"""{"id": "{{i}}", "input": "{{RandomStudent.Text(5 + (i % 30), i)}}", "label": "{{RandomStudent.Labels[i % 5]}}"}""")));
    }

    [Fact]
    public async Task A_student_is_exported_with_its_proof_and_can_be_proved_again()
    {
        var run = await Run.Verb(new ExportVerb(Stages()), Words("--precision", "int8", "--max-drop", "100", "--min-agreement", "0", "--threads", "1", "--json"));

        Assert.True(run.Code == ExitCode.Success, run.Error);
        var parity = run.Json["parity"]!;
        Assert.Equal((60, 0, 0), (parity["rows"]!.GetValue<int>(), parity["texts_differing"]!.GetValue<int>(), parity["labels_differing"]!.GetValue<int>()));
        Assert.InRange(parity["largest_difference"]!.GetValue<double>(), double.Epsilon, ExportParity.Tolerance);
        Assert.Equal(["float32", "int8"], run.Json["precisions"]!.AsArray().Select(one => one!["precision"]!.GetValue<string>()));
        Assert.Equal("int8", run.Json["chosen"]!.GetValue<string>());
        Assert.True(run.Json["precisions"]![1]!["bytes"]!.GetValue<long>() < run.Json["precisions"]![0]!["bytes"]!.GetValue<long>() / 3);

        var student = StudentFolder.Open(_folder["student"], verify: true);
        Assert.Equal("int8", student.Manifest!.Export!.Chosen);
        Assert.Contains("onnx/encoder_model_quantized.mapped.onnx", student.Manifest.Files.Keys);
        Assert.Contains(ExportProof.FileName, student.Manifest.Files.Keys);
        using (var served = OnnxStudent.Open(_folder["student"]))
        {
            Assert.Equal("int8", served.Description.Precision);
            Assert.NotNull(served.Classify([new("degezu ziteva")], cancellation: TestContext.Current.CancellationToken)[0].Familiarity);
        }

        _folder.Write("strange.jsonl", string.Join('\n', Enumerable.Range(0, 40).Select(i => $$"""{"input": "QUITE {{i}} UNLIKE #{{i}}!"}""")));
        var again = await Run.Verb(new VerifyVerb(Stages()), Words("--threads", "1", "--outside", _folder["strange.jsonl"]));

        Assert.True(again.Code == ExitCode.Success, again.Error);
        Assert.Contains("0 texts and 0 labels differ", again.Output, StringComparison.Ordinal);
        Assert.Contains("int8, which programs use, keeps its promise.", again.Output, StringComparison.Ordinal);
        Assert.Matches(@"Its task's inputs: \d+\.\d % of 60 are at most 0\.05 familiar", again.Output);
        Assert.Matches(@"strange\.jsonl: \d+\.\d % of 40 are at most 0\.05 familiar", again.Output);
    }

    [Fact]
    public async Task A_promise_that_no_precision_keeps_leaves_nothing_behind()
    {
        var before = File.ReadAllText(_folder["student/stepdistill.json"]);

        var run = await Run.Verb(new ExportVerb(Stages()), Words("--p95", "0.0001ms", "--precision", "int8"));

        Assert.Equal(ExitCode.GateNotMet, run.Code);
        Assert.Contains("Chosen: none. No precision keeps the promise: at most 0.5 points lost, the same label on 95 of 100 rows, 95 of 100 answers within 0.0001 ms.", run.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["student/onnx"]));
        Assert.Equal(before, File.ReadAllText(_folder["student/stepdistill.json"]));
        StudentFolder.Open(_folder["student"], verify: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_earlier_export_survives_one_that_keeps_no_promise_or_is_killed(bool killed)
    {
        await Run.Verb(new ExportVerb(Stages()), Words("--precision", "int8", "--max-drop", "100", "--min-agreement", "0"));
        var before = File.ReadAllText(_folder["student/stepdistill.json"]);
        _folder.Write("student/calibration.json", "{");      // a damaged one does not keep it from being made anew
        var damaged = await Run.Verb(new ExportVerb(Stages()), Words("--precision", "int8", "--max-drop", "100", "--min-agreement", "0"));
        Assert.True(damaged.Code == ExitCode.Success, damaged.Error);
        before = File.ReadAllText(_folder["student/stepdistill.json"]);
        if (killed)
        {
            _ = new ExportDraft(_folder["student"]);
            ExportStage.Write(_folder["student"], ["q8"], split: false, new Relay<Progress>(_ => { }), TestContext.Current.CancellationToken);
        }

        var run = await Run.Verb(new ExportVerb(Stages()), Words("--p95", "0.0001ms", "--precision", "q4"));

        Assert.Equal(ExitCode.GateNotMet, run.Code);
        Assert.Equal(before, File.ReadAllText(_folder["student/stepdistill.json"]));
        StudentFolder.Open(_folder["student"], verify: true);
    }

    [Fact]
    public async Task A_folder_that_is_no_student_keeps_what_is_in_it()
    {
        _folder.Write("student/onnx/encoder_model.onnx", "somebody's");
        _folder.Write("student/config.json", "{");

        var run = await Run.Verb(new ExportVerb(Stages()), Words());

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Equal("somebody's", File.ReadAllText(_folder["student/onnx/encoder_model.onnx"]));
    }

    [Fact]
    public async Task A_cascade_made_after_the_export_changes_nothing_that_was_sealed()
    {
        await Run.Verb(new ExportVerb(Stages()), Words("--precision", "int8", "--max-drop", "100", "--min-agreement", "0"));
        _folder.Write("student/cascade.json", "one");
        await Run.Verb(new ExportVerb(Stages()), Words("--precision", "int8", "--max-drop", "100", "--min-agreement", "0"));
        _folder.Write("student/cascade.json", "another");

        StudentFolder.Open(_folder["student"], verify: true);
    }

    [Fact]
    public async Task An_export_that_says_something_else_than_the_network_is_none()
    {
        var stages = Stages() with
        {
            Network = (folder, inputs, labels, maxTokens, stop) =>
            {
                var real = Training.Verification.NetworkAnswers.Of(folder, inputs, labels, maxTokens, stop);
                return real with { Tokens = [[9, 9, 1], .. real.Tokens.Skip(1)] };
            },
        };

        var run = await Run.Verb(new ExportVerb(stages), Words("--precision", "float32", "--max-drop", "100", "--min-agreement", "0"));

        Assert.Equal(ExitCode.GateNotMet, run.Code);
        Assert.Contains("1 texts and 0 labels differ", run.Output, StringComparison.Ordinal);
        Assert.Contains("NOT EQUAL", run.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["student/onnx"]));
    }

    [Fact]
    public async Task A_file_that_changed_since_is_found_by_its_hash()
    {
        await Run.Verb(new ExportVerb(Stages()), Words("--precision", "float32", "--max-drop", "100", "--min-agreement", "0"));
        using (var file = File.OpenWrite(_folder["student/onnx/encoder_model.onnx"]))
        {
            file.Position = file.Length - 200;
            file.WriteByte(77);
        }

        var run = await Run.Verb(new VerifyVerb(Stages()), Words());

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("onnx/encoder_model.onnx has the SHA-256", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--precision int9", ExitCode.Failure, "There is no precision 'int9'")]
    [InlineData("--p95 soon", ExitCode.WrongUsage, "--p95 is 'soon'; it must be a time such as 20ms or 0.5s.")]
    [InlineData("--p95 -3ms", ExitCode.WrongUsage, "--p95 is '-3ms'")]
    public async Task Words_that_make_no_sense_are_refused_before_anything_is_written(string words, int code, string message)
    {
        var run = await Run.Verb(new ExportVerb(Stages()), Words(words.Split(' ')));

        Assert.Equal(code, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["student/onnx"]));
    }

    [Fact]
    public async Task A_folder_without_rows_to_prove_it_on_is_told_so()
    {
        var export = await Run.Verb(new ExportVerb(Stages()), _folder["student"]);
        var verify = await Run.Verb(new VerifyVerb(Stages()), Words());

        Assert.Contains("holds no rows to prove it on. Name a file of rows with --rows", export.Error, StringComparison.Ordinal);
        Assert.Contains("so it was not exported. Export it first", verify.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static StageSet Stages() => FakeStages.Create();

    private string[] Words(params string[] further) => [_folder["student"], "--rows", _folder["rows.jsonl"], .. further];
}
