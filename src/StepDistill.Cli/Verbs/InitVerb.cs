using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Cli.NewProject;
using StepDistill.Cli.Rendering;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill init FOLDER</c>: a new project with a commented recipe and sample rows.</summary>
internal sealed class InitVerb : Verb
{
    private readonly Argument<string> _folder = new("folder")
    {
        Description = "The new folder; its name becomes the recipe's. It must be empty or not exist.",
    };

    /// <summary>Creates the verb.</summary>
    public InitVerb()
        : base(
            "init",
            "Makes a new project folder: a commented recipe, a few sample rows, and a page that says what to do next.",
            "init my-task") => Arguments.Add(_folder);

    /// <inheritdoc/>
    protected override Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var folder = words.GetRequiredValue(_folder);
        var files = ProjectFolder.Create(folder);
        terminal.Say($"The project is in {folder}:");
        foreach (var file in files)
        {
            terminal.Say($"  {file}");
        }

        terminal.Say($"Next: stepdistill run {Path.Combine(folder, "recipe.jsonc")}");
        terminal.Result(new JsonObject
        {
            ["folder"] = Path.GetFullPath(folder),
            ["files"] = new JsonArray([.. files.Select(file => (JsonNode)file)]),
        });
        return Task.FromResult(ExitCode.Success);
    }
}
