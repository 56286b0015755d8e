using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Inference.Sessions;
using StepDistill.Students;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill export RUN|FOLDER</c>: makes a student ready for work in any process, with its proof beside it.</summary>
internal sealed class ExportVerb : Verb
{
    private readonly ProofWords _words = new();

    private readonly Option<string[]> _precisions = new("--precision")
    {
        Description = $"Which files: {string.Join(", ", StudentGraphs.Precisions)}, or two with a plus between, for encoder and decoder. "
            + "May be repeated. float32 is always written: the others are judged by it.",
        HelpName = "name",
        DefaultValueFactory = _ => [.. ExportStage.Usual],
    };

    private readonly Option<double> _maxDrop = new("--max-drop")
    {
        Description = "Points of accuracy that the chosen precision may lose against float32.",
        HelpName = "points",
        DefaultValueFactory = _ => 0.5,
    };

    private readonly Option<double> _minAgreement = new("--min-agreement")
    {
        Description = "Percent of rows on which the chosen precision must say what float32 says. As many right answers may be other ones.",
        HelpName = "percent",
        DefaultValueFactory = _ => 95,
    };

    private readonly Option<string?> _p95 = new("--p95")
    {
        Description = "Time within which 95 of 100 answers of the chosen precision must come, one at a time on this machine, such as 20ms.",
        HelpName = "time",
    };

    private readonly Option<bool> _split = new("--split-decoder")
    {
        Description = "Writes the decoder's first and later passes as files of their own too, for programs that cannot take both in one.",
    };

    private readonly StageSet _stages;

    /// <summary>Creates the verb.</summary>
    public ExportVerb(StageSet stages)
        : base(
            "export",
            "Writes a student as ONNX, proves on real rows that it is the student that was trained, and chooses the smallest precision that "
            + "keeps what was promised. Exit code 3 where none does.",
            "export runs/my-task/step-by-step-1-seed0",
            "export runs/my-task/step-by-step-1-seed0 --max-drop 0.5 --p95 20ms",
            "export student --rows questions.jsonl --precision int8")
    {
        _stages = stages;
        _words.AddTo(this);
        Options.Add(_precisions);
        Options.Add(_maxDrop);
        Options.Add(_minAgreement);
        Options.Add(_p95);
        Options.Add(_split);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var precisions = words.GetRequiredValue(_precisions);
        foreach (var name in precisions)
        {
            StudentPrecision.Parse(name);
        }

        var promises = new ExportPromises(
            words.GetValue(_maxDrop), words.GetValue(_minAgreement) / 100, ProofWords.Milliseconds(words.GetValue(_p95), "--p95"));
        var (folder, task, rows) = await _words.ReadAsync(words, cancellation);
        var stage = _words.Stage(words, _stages);
        using var draft = new ExportDraft(folder);
        var files = await terminal.WithProgressAsync("Writing", progress => Task.FromResult(
            ExportStage.Write(folder, precisions, words.GetValue(_split), progress, cancellation)));
        var (proof, calibrations) = await terminal.WithProgressAsync("Proving", progress => Task.FromResult(
            stage.Prove(folder, task, rows, precisions, promises, progress, cancellation)));
        foreach (var line in ExportProofText.Lines(proof))
        {
            terminal.Say(line);
        }

        var result = ExportProofText.Json(proof);
        result["student"] = folder;
        result["files"] = new JsonArray([.. files.Select(file => (JsonNode)file)]);
        result["passed"] = proof.Passed;
        if (!proof.Passed)
        {
            terminal.Note("Nothing was exported.");     // nothing stays without its proof
            terminal.Result(result);
            return ExitCode.GateNotMet;
        }

        ExportStage.Seal(folder, proof, calibrations);
        draft.Keep();
        terminal.Say($"The proof is in {Path.Combine(folder, ExportProof.FileName)}.");
        terminal.Say($"Next: stepdistill serve {folder}");
        terminal.Result(result);
        return ExitCode.Success;
    }
}
