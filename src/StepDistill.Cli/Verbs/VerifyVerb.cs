using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Tokenizers;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill verify FOLDER|TOKENIZER --against REFERENCE</c>: proves that a student or tokenizer computes what a reference says.</summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Argument<string> _subject = new("subject")
    {
        Description = "A student's folder; or a tokenizer: spiece.model, tokenizer.json or a folder with one.",
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

        var checks = Directory.Exists(against)
            ? _stages.Verify(RunFolderWords.StudentAt(subject), against, cancellation)
            : Tokenizer(subject, against, words.GetValue(_list));
        var passed = checks.All(check => check.Passed);
        foreach (var line in TextTable.Lines(["compared", "difference", "tolerance", "", "where"], checks.Select(Row)))
        {
            terminal.Say(line);
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
                ["difference"] = double.IsFinite(check.Difference) ? check.Difference : null,
                ["tolerance"] = check.Tolerance,
                ["passed"] = check.Passed,
                ["where"] = check.Where,
            })]),
        });
        return Task.FromResult(passed ? ExitCode.Success : ExitCode.GateNotMet);
    }

    private static List<Check> Tokenizer(string subject, string against, string? list)
    {
        var check = TokenizerCheck.Run(subject, against, list);
        var first = check.Differences.Count == 0
            ? string.Create(CultureInfo.InvariantCulture, $"of {check.Texts:N0} texts")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"of {check.Texts:N0} texts; line {check.Differences[0].Line}: expected [{Ids(check.Differences[0].Expected)}], found [{Ids(check.Differences[0].Found)}]");
        return [new Check("texts whose ids differ", check.Texts - check.Equal, 0, first)];
    }

    private static string Ids(IReadOnlyList<int> ids) => string.Join(", ", ids.Take(20)) + (ids.Count > 20 ? ", …" : "");

    private static string[] Row(Check check) =>
    [
        check.Name,
        check.Difference.ToString("0.###e+0", CultureInfo.InvariantCulture),
        check.Tolerance.ToString("0.###e+0", CultureInfo.InvariantCulture),
        check.Passed ? "ok" : "FAILED",
        check.Where,
    ];
}
