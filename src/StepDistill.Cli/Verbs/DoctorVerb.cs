using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Cli.Machine;
using StepDistill.Cli.Rendering;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill doctor</c>: what this machine has and lacks.</summary>
internal sealed class DoctorVerb : Verb
{
    private readonly Func<IEnumerable<Finding>> _look;

    /// <summary>Creates the verb.</summary>
    /// <param name="look">Looks at the machine.</param>
    public DoctorVerb(Func<IEnumerable<Finding>> look)
        : base(
            "doctor",
            "Says what this machine has and lacks. Exit code 1 if something is broken that training needs.",
            "doctor") => _look = look;

    /// <inheritdoc/>
    protected override Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var findings = new List<Finding>();
        foreach (var finding in _look())
        {
            findings.Add(finding);
            var sign = finding.State switch { FindingState.Good => "ok", FindingState.Lacking => "--", _ => "!!" };
            terminal.Say($"{sign}  {finding.Name,-16} {finding.Text}");
        }

        var broken = findings.Count(finding => finding.State == FindingState.Broken);
        terminal.Say();
        terminal.Say(broken == 0 ? "Ready. Try: stepdistill quickstart" : $"Not ready: see the {broken} lines marked !!.");
        terminal.Result(new JsonObject
        {
            ["ready"] = broken == 0,
            ["findings"] = new JsonArray([.. findings.Select(finding => (JsonNode)new JsonObject
            {
                ["name"] = finding.Name,
                ["state"] = finding.State.ToString().ToLowerInvariant(),
                ["text"] = finding.Text,
            })]),
        });
        return Task.FromResult(broken == 0 ? ExitCode.Success : ExitCode.Failure);
    }
}
