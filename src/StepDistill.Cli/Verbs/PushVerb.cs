using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Hub;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill push FOLDER|RUN OWNER/NAME</c>: publishes a student on a hub.</summary>
internal sealed class PushVerb : Verb
{
    private readonly Argument<string> _folder = new("folder")
    {
        Description = "A student's folder, or that of a run.",
    };

    private readonly Argument<string> _name = new("name")
    {
        Description = "Where to: OWNER/NAME. The repository is made where it is missing.",
    };

    private readonly Option<bool> _private = new("--private")
    {
        Description = "Makes a new repository that only its owner sees. One that is there and public is refused.",
    };

    private readonly Option<string?> _revision = new("--revision")
    {
        Description = "The branch; main without it. Made where it is missing.",
        HelpName = "branch",
    };

    private readonly Option<string?> _message = new("--message")
    {
        Description = "What the commit says.",
        HelpName = "text",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Only checks the folder and lists what would be pushed. Nobody is asked.",
    };

    private readonly StageSet _stages;

    /// <summary>Creates the verb.</summary>
    public PushVerb(StageSet stages)
        : base(
            "push",
            "Publishes a student on a hub: every file is checked first, and all appear in one commit. Stopped, the same command goes on. "
            + "HF_TOKEN holds a key that may write; HF_ENDPOINT names another hub than Hugging Face's.",
            "push runs/my-task/step-by-step-1-seed0 my-team/parcels --private",
            "push students/parcels my-team/parcels --revision next --message \"More annotations\"",
            "push students/parcels my-team/parcels --dry-run")
    {
        _stages = stages;
        Arguments.Add(_folder);
        Arguments.Add(_name);
        Options.Add(_private);
        Options.Add(_revision);
        Options.Add(_message);
        Options.Add(_dryRun);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var name = Target(words.GetRequiredValue(_name), words.GetValue(_revision));
        var folder = RunFolderWords.StudentAt(words.GetRequiredValue(_folder));
        var settings = new HubPushSettings
        {
            Private = words.GetValue(_private),
            Message = words.GetValue(_message) is { } message && message.Trim() is { Length: > 0 } text ? text : null,
            DryRun = words.GetValue(_dryRun),
        };
        var pushed = await terminal.WithProgressAsync("Pushing", progress => _stages.Push(folder, name, settings, progress, cancellation));
        Say(terminal, pushed, name);
        terminal.Result(new JsonObject
        {
            ["name"] = name.ToString(),
            ["page"] = pushed.Page.ToString(),
            ["commit"] = pushed.Commit,
            ["files"] = new JsonArray([.. pushed.Files.Select(file => (JsonNode)new JsonObject
            {
                ["path"] = file.Path,
                ["size"] = file.Size,
                ["sha256"] = file.Sha256,
            })]),
            ["uploaded"] = pushed.Uploaded,
            ["unchanged"] = Names(pushed.Unchanged),
            ["removed"] = Names(pushed.Removed),
            ["left_out"] = Names(pushed.LeftOut),
            ["created"] = pushed.WasCreated,
        });
        return ExitCode.Success;
    }

    private static HubName Target(string text, string? revision)
    {
        var name = HubWords.Name(text);
        if (revision is null)
        {
            return name;
        }

        return name.Revision == "main"
            ? HubWords.Name($"{name.Repository}@{revision}")
            : throw new WrongUsageException($"'{text}' names a branch, and --revision another. Give one of them.");
    }

    private static void Say(Terminal terminal, HubPushed pushed, HubName name)
    {
        if (pushed.Commit is null)
        {
            foreach (var line in TextTable.Lines(["file", "size", "SHA-256"], pushed.Files.Select(file => (string[])[file.Path, HubWords.Size(file.Size), file.Sha256])))
            {
                terminal.Say(line);
            }
        }

        if (pushed.LeftOut.Count > 0)
        {
            terminal.Say($"Not pushed, as no part of a student: {string.Join(", ", pushed.LeftOut)}");
        }

        if (pushed.Removed.Count > 0)
        {
            terminal.Say($"Removed, as parts of an earlier student: {string.Join(", ", pushed.Removed)}");
        }

        terminal.Say(pushed switch
        {
            { Commit: null } => $"Would push {pushed.Files.Count} files, {HubWords.Size(pushed.Files.Sum(file => file.Size))}, to {name} on {pushed.Page.Host}. Nothing was sent.",
            _ when pushed.Unchanged.Count == pushed.Files.Count && pushed.Removed.Count == 0 => $"{name} holds this student already: commit {pushed.Commit}.",
            _ => $"{name} holds the student: commit {pushed.Commit}. Large files sent: {HubWords.Size(pushed.Uploaded)}. Next: stepdistill pull {name}",
        });
        terminal.Say(pushed.Page.ToString());
    }

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => (JsonNode)name)]);
}
