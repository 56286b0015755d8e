using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
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

    private readonly Option<string> _against = new("--against")
    {
        Description = "A folder of reference numbers (inputs.json, expected.json, expected.safetensors, training.json where "
            + "present); or, for a tokenizer, a file of reference encodings, one JSON object a line.",
        HelpName = "reference",
        Required = true,
    };

    private readonly Option<string?> _list = new("--list")
    {
        Description = "For a tokenizer: which of several lists of ids in the reference is meant.",
        HelpName = "name",
    };

    private readonly StageSet _stages;

    /// <summary>Creates the verb.</summary>
    public VerifyVerb(StageSet stages)
        : base(
            "verify",
            "Proves that a student or a tokenizer computes what a reference says. Exit code 3 where a difference is past its tolerance.",
            "verify my-student --against reference",
            "verify spiece.model --against encodings.jsonl --json")
    {
        _stages = stages;
        Arguments.Add(_subject);
        Options.Add(_against);
        Options.Add(_list);
    }

    /// <inheritdoc/>
    protected override Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var (subject, against) = (words.GetRequiredValue(_subject), words.GetRequiredValue(_against));
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
        return Task.FromResult(passed ? ExitCode.Success : ExitCode.GateNotMet);
    }

    private (IReadOnlyList<VerificationCheck> Checks, IReadOnlyList<string> NotChecked) Student(
        string subject, string against, CancellationToken cancellation)
    {
        var verification = _stages.Verify(subject, against, cancellation);
        return (verification.Checks, verification.NotChecked);
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
