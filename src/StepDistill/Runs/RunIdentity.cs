using System.Text.Json.Nodes;
using StepDistill.Files;
using StepDistill.Recipes;

namespace StepDistill.Runs;

/// <summary>
/// Everything that a run's outcome depends on: the resolved recipe and the data, each setting by its path.
/// </summary>
/// <param name="Hash">SHA-256 of the settings: equal hashes are equal runs.</param>
/// <param name="Settings">
/// Each setting that counts by its path, such as <c>training.alpha</c>, and <c>data.NAME</c> for each hash.
/// </param>
public sealed record RunIdentity(string Hash, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>Settings that cannot change what a training gives: keys, or sections with all that is in them.</summary>
    /// <remarks>
    /// Paths of data are replaced by hashes of what they hold, so a moved file is the same file; test rows are not read
    /// while training; what a teacher said is hashed as data, so where its answers came from and how it was reached does
    /// not matter. Where a training computes is a matter of the machine, as its processor is: a run that was stopped on
    /// one may go on with another. The precision counts, as the recipe says it: <c>auto</c> is the same run everywhere.
    /// </remarks>
    internal static IReadOnlyList<string> Irrelevant { get; } =
    [
        "name",
        "task.train", "task.validation", "task.validation_rows", "task.test",
        "teacher.answers", "teacher.demonstrations", "teacher.endpoint", "teacher.key_variable", "teacher.concurrency",
        "teacher.requests_per_minute", "teacher.tokens_per_minute", "teacher.timeout_seconds",
        "waves.rows", "waves.min_gain", "waves.max_waves", "waves.choose",
        "teacher.prices", "teacher.price",
        "teacher.form", "teacher.rationale", "teacher.output",
        "teacher.demonstration_choice", "teacher.demonstrations_shown", "teacher.demonstration_seed",
        "training.checkpoint_every_steps", "training.checkpoint_beside_training", "training.keep_checkpoints",
        "training.keep_checkpoint_every_steps", "training.device",
    ];

    /// <summary>Makes the identity of a run.</summary>
    /// <param name="recipe">The recipe with every preset and override resolved.</param>
    /// <param name="data">
    /// Hashes of whatever the run reads, by name: the training and the validation rows as they were split, the
    /// annotations that it uses, the tokenizer, the weights to start from. Not the test rows.
    /// </param>
    public static RunIdentity Of(Recipe recipe, IReadOnlyDictionary<string, string> data)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Flatten("", JsonNode.Parse(recipe.ToJson()), settings);
        foreach (var path in settings.Keys.Where(path => Irrelevant.Any(one => path == one || path.StartsWith($"{one}.", StringComparison.Ordinal))).ToList())
        {
            settings.Remove(path);
        }

        foreach (var (name, hash) in data)
        {
            settings[$"data.{name}"] = hash;
        }

        return new(ContentHash.Of(settings.SelectMany(setting => new[] { setting.Key, setting.Value })), settings);
    }

    /// <summary>
    /// What differs from another identity: one sentence for each setting; empty when they are the same run.
    /// </summary>
    /// <param name="there">The identity that a folder already has.</param>
    public IReadOnlyList<string> DifferencesFrom(RunIdentity there) =>
    [
        .. from path in Settings.Keys.Union(there.Settings.Keys).Order(StringComparer.Ordinal)
           let here = Settings.GetValueOrDefault(path)
           let other = there.Settings.GetValueOrDefault(path)
           where here != other
           select $"{path} is {Show(other)} there and {Show(here)} here",
    ];

    private static string Show(string? value) => value switch
    {
        null => "not set",
        { Length: 64 } when value.All(char.IsAsciiHexDigitLower) => $"{value[..12]}…",
        _ => value,
    };

    private static void Flatten(string path, JsonNode? node, SortedDictionary<string, string> settings)
    {
        if (node is JsonObject section)
        {
            foreach (var (name, value) in section)
            {
                Flatten(path.Length == 0 ? name : $"{path}.{name}", value, settings);
            }
        }
        else if (node is not null)
        {
            settings[path] = node.ToJsonString(RunJson.Line);
        }
    }
}
