using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill pull OWNER/NAME[@REVISION] [--to FOLDER]</c>: brings a student from a hub.</summary>
internal sealed class PullVerb : Verb
{
    private readonly Argument<string> _name = new("name")
    {
        Description = "The student on the hub: OWNER/NAME, or OWNER/NAME@REVISION for a branch, a tag or a commit.",
    };

    private readonly Option<string?> _to = new("--to")
    {
        Description = "The folder that it becomes. Without it, NAME in the current folder.",
        HelpName = "folder",
    };

    private readonly StageSet _stages;

    /// <summary>Creates the verb.</summary>
    public PullVerb(StageSet stages)
        : base(
            "pull",
            "Brings a whole student from a hub into a folder that appears whole or not at all, and checks every file. HF_ENDPOINT names "
            + "another hub than Hugging Face's, HF_TOKEN the key for private students.",
            "pull my-team/parcels",
            "pull my-team/parcels@v2 --to students/parcels")
    {
        _stages = stages;
        Arguments.Add(_name);
        Options.Add(_to);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var name = HubWords.Name(words.GetRequiredValue(_name));
        var folder = words.GetValue(_to) ?? name.Repository.Split('/')[^1];
        var pulled = await terminal.WithProgressAsync("Pulling", progress => _stages.Pull(name, folder, progress, cancellation));
        terminal.Say(pulled.WasThere
            ? $"{pulled.Folder} is {name} already, commit {pulled.Commit}."
            : $"{name} is in {pulled.Folder}: {pulled.Files.Count} files, {HubWords.Size(pulled.Bytes)}, commit {pulled.Commit}.");
        terminal.Say(pulled.HasManifest
            ? "Every file has the hash that the hub and stepdistill.json state."
            : "Every file has the hash that the hub states. There is no stepdistill.json: these are weights that StepDistill did not make.");
        if (pulled.LeftOut.Count > 0)
        {
            terminal.Say($"Left on the hub, as no part of a student: {string.Join(", ", pulled.LeftOut.Take(10))}{(pulled.LeftOut.Count > 10 ? ", …" : "")}");
        }

        terminal.Result(new JsonObject
        {
            ["name"] = name.ToString(),
            ["folder"] = pulled.Folder,
            ["commit"] = pulled.Commit,
            ["files"] = Names(pulled.Files),
            ["bytes"] = pulled.Bytes,
            ["left_out"] = Names(pulled.LeftOut),
            ["manifest"] = pulled.HasManifest,
            ["was_there"] = pulled.WasThere,
        });
        return ExitCode.Success;
    }

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => (JsonNode)name)]);
}
