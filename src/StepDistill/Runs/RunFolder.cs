using System.Text.Json;
using StepDistill.Files;
using StepDistill.Recipes;

namespace StepDistill.Runs;

/// <summary>The folder of one run: one training with one recipe, arm, fraction and seed.</summary>
/// <remarks>
/// With <see cref="RecipeFolder"/> the only place that knows file names below <c>runs</c>. A folder belongs to the run
/// that first claimed it: another one is refused with what differs, and nothing is overwritten.
/// </remarks>
public sealed class RunFolder
{
    /// <summary>Names the folder; nothing is made on the disk.</summary>
    /// <param name="root">The folder.</param>
    public RunFolder(string root) => Root = root;

    /// <summary>The folder itself.</summary>
    public string Root { get; }

    /// <summary>The run's name, such as <c>step-by-step-0.25-seed1</c>.</summary>
    public string Name => Path.GetFileName(Path.GetFullPath(Root));

    /// <summary>The recipe with every preset and override resolved.</summary>
    public string Recipe => Path.Combine(Root, "recipe.json");

    /// <summary>What the folder's content depends on; see <see cref="RunIdentity"/>.</summary>
    public string Identity => Path.Combine(Root, "identity.json");

    /// <summary>The events; see <see cref="RunLog"/>.</summary>
    public string Events => Path.Combine(Root, "events.jsonl");

    /// <summary>The folder of TensorBoard's event files.</summary>
    public string TensorBoard => Path.Combine(Root, "tensorboard");

    /// <summary>The folder of checkpoints.</summary>
    public string Checkpoints => Path.Combine(Root, "checkpoints");

    /// <summary>The folder of the trained student.</summary>
    public string Student => Path.Combine(Root, "student");

    /// <summary>The manifest, written last: a run without one is not finished.</summary>
    public string Manifest => Path.Combine(Root, "run.json");

    /// <summary>The file whose lock keeps a second process out; see <see cref="RunLock"/>.</summary>
    public string Lock => Path.Combine(Root, "run.lock");

    /// <summary>Whether the run is finished.</summary>
    public bool IsFinished => File.Exists(Manifest);

    /// <summary>The folder of the report on one split.</summary>
    /// <param name="split"><c>validation</c>, <c>test</c> or another name for the rows.</param>
    public string Evaluation(string split) => Path.Combine(Root, "evaluation", split);

    /// <summary>Makes the folder, or finds that it already belongs to the same run.</summary>
    /// <param name="recipe">The recipe with every preset and override resolved.</param>
    /// <param name="data">Hashes of whatever files the run reads, by name, such as <c>train</c>.</param>
    /// <returns>What the run's outcome depends on.</returns>
    /// <exception cref="StepDistillException">The folder holds another run, or files of something else.</exception>
    /// <remarks>Call it while holding the <see cref="RunLock"/>.</remarks>
    public RunIdentity Claim(Recipe recipe, IReadOnlyDictionary<string, string> data)
    {
        var identity = RunIdentity.Of(recipe, data);
        if (ReadIdentity() is not { } there)
        {
            RefuseStrangers();
            AtomicFile.WriteText(Recipe, recipe.ToJson() + "\n");
            AtomicFile.WriteText(Identity, JsonSerializer.Serialize(identity, RunJson.Page) + "\n");
            return identity;
        }

        var same = NamesWhatAutoWas(recipe, there) ? recipe with { Training = recipe.Training with { Precision = "auto" } } : recipe;
        var differences = RunIdentity.Of(same, data).DifferencesFrom(there);
        return differences.Count == 0
            ? identity
            : throw new StepDistillException(string.Join($"{Environment.NewLine}  - ", [
                $"The folder {Root} already holds another run, and nothing in it was changed. What differs:",
                .. differences])
                + $"{Environment.NewLine}To keep both, give this recipe another name (--set name=NAME); "
                + "to start over, delete or rename the folder.");
    }

    /// <summary>Reads the identity of the run that the folder belongs to; null where it belongs to none.</summary>
    /// <exception cref="StepDistillException">The file cannot be understood.</exception>
    public RunIdentity? ReadIdentity() => Read<RunIdentity>(Identity, "the identity of a run");

    /// <summary>Reads the manifest; null where the run is not finished.</summary>
    /// <exception cref="StepDistillException">The file cannot be understood.</exception>
    public RunManifest? ReadManifest() => Read<RunManifest>(Manifest, "the manifest of a run");

    /// <summary>
    /// Writes the manifest, which makes the run finished: everything else must be on the disk by now.
    /// </summary>
    /// <param name="manifest">The manifest.</param>
    public void WriteManifest(RunManifest manifest) =>
        AtomicFile.WriteText(Manifest, JsonSerializer.Serialize(manifest, RunJson.Page) + "\n");

    /// <summary>
    /// Whether the run in the folder left its precision to the machine and is now to go on in a named one, as it must
    /// where it moved to a machine that would choose another. Its checkpoints know which one it was.
    /// </summary>
    private bool NamesWhatAutoWas(Recipe recipe, RunIdentity there) =>
        there.Settings.GetValueOrDefault("training.precision") == "\"auto\""
        && recipe.Training.Precision != "auto"
        && (ReadManifest() is not { } done || done.Recipe.Training.Precision == recipe.Training.Precision);

    private void RefuseStrangers()
    {
        // A process that was killed between its lock and its identity leaves at most these two.
        string[] harmless = [Path.GetFileName(Lock), Path.GetFileName(Recipe)];
        var strangers = Directory.Exists(Root)
            ? Directory.EnumerateFileSystemEntries(Root)
                .Select(Path.GetFileName)
                .Where(name => !harmless.Contains(name) && !name!.EndsWith(".tmp", StringComparison.Ordinal))
                .Take(3).ToList()
            : [];
        if (strangers.Count > 0)
        {
            throw new StepDistillException(
                $"The folder {Root} is not a run (it has no {Path.GetFileName(Identity)}) and holds "
                + $"{string.Join(", ", strangers)}; a new run needs an empty folder. Move those files away.");
        }
    }

    private static T? Read<T>(string path, string what)
        where T : class
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(path), RunJson.Page)
                ?? throw new JsonException("It holds null.");
        }
        catch (JsonException e)
        {
            throw new StepDistillException($"{path} is not {what}: {e.Message} Restore it, or delete its folder.", e);
        }
    }
}
