using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Inference;
using StepDistill.Inference.Sessions;
using StepDistill.Inference.Verification;
using StepDistill.Students;
using StepDistill.Tasks;
using StepDistill.Tokenizers;
using StepDistill.Training.Verification;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill verify FOLDER|TOKENIZER --against REFERENCE</c>: proves that a student or tokenizer computes what a reference says.</summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Argument<string> _subject = new("subject")
    {
        Description = "A student's folder, a run's, or a file of weights beside its config.json; or a tokenizer: spiece.model, "
            + "tokenizer.json or a folder with one.",
    };

    private readonly Option<string?> _against = new("--against")
    {
        Description = "A folder of reference numbers (inputs.json, expected.json, expected.safetensors, training.json where "
            + "present); or, for a tokenizer, a file of reference encodings, one JSON object a line. Without it an exported student is "
            + "proved again, on its run's validation rows or on those of --rows.",
        HelpName = "reference",
    };

    private readonly ProofWords _proof = new();

    private readonly Option<string?> _outside = new("--outside")
    {
        Description = "A file of rows that are not of the student's task, with 'input': says how many of them it finds unusual, beside its own.",
        HelpName = "file",
    };

    private readonly Option<string?> _list = new("--list")
    {
        Description = "For a tokenizer: which of several lists of ids in the reference is meant.",
        HelpName = "name",
    };

    // As of the network itself: the reference's own float64 run is this far from it.
    private const double ExportedTolerance = 2e-4;

    private readonly StageSet _stages;

    /// <summary>Creates the verb.</summary>
    public VerifyVerb(StageSet stages)
        : base(
            "verify",
            "Proves that a student or a tokenizer computes what a reference says, or that every exported precision still is the student that "
            + "was trained. Exit code 3 where a difference is past its tolerance, or a promise of the export is not kept.",
            "verify runs/my-task/step-by-step-1-seed0",
            "verify my-student --against reference",
            "verify spiece.model --against encodings.jsonl --json")
    {
        _stages = stages;
        Arguments.Add(_subject);
        Options.Add(_against);
        Options.Add(_list);
        _proof.AddOptionsTo(this);
        Options.Add(_outside);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var subject = words.GetRequiredValue(_subject);
        if (words.GetValue(_against) is not { } against)
        {
            return await ProveAsync(words, subject, terminal, cancellation);
        }

        if (!File.Exists(against) && !Directory.Exists(against))
        {
            throw new StepDistillException($"There is no reference at {against}. Check the path after --against.");
        }

        var (checks, notChecked) = Directory.Exists(against)
            ? Student(File.Exists(subject) ? subject : RunFolderWords.StudentAt(subject), against, cancellation)
            : (Tokenizer(subject, against, words.GetValue(_list)), []);
        var passed = checks.All(check => check.Passed);
        foreach (var line in TextTable.Lines(["compared", "largest difference", "allowed", "unit", "", "where"], checks.Select(Row)))
        {
            terminal.Say(line);
        }

        foreach (var reason in notChecked)
        {
            terminal.Say($"Not compared: {reason}");
        }

        terminal.Say(passed ? "Equal within the tolerances." : "Not equal: see the lines marked FAILED.");
        terminal.Result(new JsonObject
        {
            ["passed"] = passed,
            ["subject"] = subject,
            ["against"] = against,
            ["checks"] = new JsonArray([.. checks.Select(check => (JsonNode)new JsonObject
            {
                ["name"] = check.Name,
                ["difference"] = check.Difference is { } number && double.IsFinite(number) ? number : null,
                ["tolerance"] = check.Tolerance,
                ["unit"] = check.Unit,
                ["passed"] = check.Passed,
                ["detail"] = check.Detail,
            })]),
            ["not_checked"] = new JsonArray([.. notChecked.Select(reason => (JsonNode)reason)]),
        });
        return passed ? ExitCode.Success : ExitCode.GateNotMet;
    }

    /// <summary>Lets every exported precision answer again.</summary>
    private async Task<int> ProveAsync(ParseResult words, string subject, Terminal terminal, CancellationToken cancellation)
    {
        var (folder, task, rows) = await _proof.ReadAsync(words, subject, cancellation);
        var earlier = ExportProof.Read(folder) ?? throw new StepDistillException(
            $"{folder} holds no {ExportProof.FileName}, so it was not exported. Export it first (stepdistill export {subject}), or compare it with reference numbers (--against).");
        StudentFolder.Open(folder, verify: StudentFolder.Open(folder).Manifest is not null);
        var (proof, _) = await terminal.WithProgressAsync("Proving", progress => Task.FromResult(_proof.Stage(words, _stages).Prove(
            folder, task, rows, [.. earlier.Precisions.Select(one => one.Precision)], earlier.Promises, progress, cancellation)));
        foreach (var line in ExportProofText.Lines(proof))
        {
            terminal.Say(line);
        }

        var kept = proof.Precisions.Any(one => one.Precision == earlier.Chosen && one.Keeps);
        terminal.Say(proof.Parity.Passed && kept
            ? $"{earlier.Chosen}, which programs use, keeps its promise."
            : $"Not as promised: {earlier.Chosen}, which programs use, does not keep the promise of its export here.");
        var result = ExportProofText.Json(proof);
        result["student"] = folder;
        result["passed"] = proof.Parity.Passed && kept;
        if (words.GetValue(_outside) is { } file)
        {
            await AskOutsideAsync(folder, rows, file, terminal, result, cancellation);
        }

        terminal.Result(result);
        return proof.Parity.Passed && kept ? ExitCode.Success : ExitCode.GateNotMet;
    }

    /// <summary>Lets the student answer what it was not trained for.</summary>
    private static async Task AskOutsideAsync(
        string folder, IReadOnlyList<Example> own, string file, Terminal terminal, JsonObject result, CancellationToken cancellation)
    {
        var others = await ExampleReader.ReadAsync(new TaskSpec { Name = "outside", Answer = AnswerKind.Text }, file, cancellation)
            .Where(row => row.Input is not null).Take(own.Count).ToListAsync(cancellation);
        if (others.Count == 0)
        {
            throw new StepDistillException($"{file} holds no rows with an input. Name a file of rows after --outside.");
        }

        using var student = OnnxStudent.Open(folder);
        var (inside, outside) = (OutsideInputs.Measure(student, own, cancellation), OutsideInputs.Measure(student, others, cancellation));
        terminal.Say($"Its task's inputs: {inside.Words}.");
        terminal.Say($"{Path.GetFileName(file)}: {outside.Words}.");
        result["inside"] = inside.Json;
        result["outside"] = outside.Json;
    }

    private (IReadOnlyList<VerificationCheck> Checks, IReadOnlyList<string> NotChecked) Student(
        string subject, string against, CancellationToken cancellation)
    {
        var verification = _stages.Verify(subject, against, cancellation);
        return Directory.Exists(subject) && File.Exists(Path.Combine(subject, StudentPrecision.Parse("float32").DecoderFile))
            ? ([.. verification.Checks, .. Exported(subject, against, cancellation)], verification.NotChecked)
            : (verification.Checks, verification.NotChecked);
    }

    private static IEnumerable<VerificationCheck> Exported(string subject, string against, CancellationToken cancellation)
    {
        var found = ReferenceComparison.Run(subject, against, cancellation);
        yield return new("onnx.logits", found.Logits, ExportedTolerance, "absolute", "float32 in ONNX Runtime");
        foreach (var (search, differing) in found.Texts)
        {
            yield return new($"onnx.{search}", differing, 0, "count");
        }
    }

    private static VerificationCheck[] Tokenizer(string subject, string against, string? list)
    {
        var check = TokenizerCheck.Run(subject, against, list);
        var detail = string.Create(CultureInfo.InvariantCulture, $"of {check.Texts:N0} texts");
        return
        [
            new("texts with other ids", check.Texts - check.Equal, 0, "count", check.Differences.Count == 0
                ? detail
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{detail}; line {check.Differences[0].Line}: [{Ids(check.Differences[0].Found)}], expected [{Ids(check.Differences[0].Expected)}]")),
        ];
    }

    private static string Ids(IReadOnlyList<int> ids) => string.Join(", ", ids.Take(20)) + (ids.Count > 20 ? ", …" : "");

    private static string[] Row(VerificationCheck check) =>
    [
        check.Name,
        check.Difference?.ToString(check.Unit == "count" ? "N0" : "0.0e+0", CultureInfo.InvariantCulture) ?? "–",
        check.Tolerance.ToString(check.Unit == "count" ? "N0" : "0.0e+0", CultureInfo.InvariantCulture),
        check.Unit,
        check.Passed ? "ok" : "FAILED",
        check.Detail ?? "",
    ];
}
