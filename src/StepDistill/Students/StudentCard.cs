using System.Globalization;
using System.Text;
using System.Text.Json;
using StepDistill.Hub;

namespace StepDistill.Students;

/// <summary>A student's model card: its <c>README.md</c>, with the YAML head that model hubs read.</summary>
/// <remarks>
/// Head: huggingface/hub-docs, modelcard.md. <c>text2text-generation</c> is what T5 is filed under since there are hubs; newer
/// ones serve it as text generation, and know the word. A licence is the owner's to give, so there is none.
/// </remarks>
public static class StudentCard
{
    /// <summary>Writes a card.</summary>
    /// <param name="manifest">What the student is.</param>
    /// <param name="config">The sizes of its network.</param>
    /// <param name="hasGraphs">Whether there are ONNX graphs beside the weights, which transformers.js loads too.</param>
    /// <returns>Markdown.</returns>
    public static string Write(StudentManifest manifest, T5Config config, bool hasGraphs = false)
    {
        var lineage = manifest.Lineage;
        var card = new StringBuilder();
        card.Append("---\n")
            .Append("library_name: transformers\n")
            .Append("pipeline_tag: text2text-generation\n")
            .Append("tags:\n- stepdistill\n- t5\n- distillation\n")
            .Append(hasGraphs ? "- onnx\n- transformers.js\n" : "")
            .Append(BaseModel(lineage))
            .Append("---\n\n")
            .Append(CultureInfo.InvariantCulture, $"# {Plain(manifest.Name)}\n\n")
            .Append("A small T5 trained with StepDistill by \"Distilling Step-by-Step\" (Hsieh et al. 2023,\n")
            .Append("https://arxiv.org/abs/2305.02301) or one of the arms it is compared with.\n\n")
            .Append("## What it does\n\n")
            .Append(Row("Task", Plain(manifest.Task.Name)))
            .Append(Row("Answer", manifest.Task.Answer.ToString().ToLowerInvariant()))
            .Append(manifest.Task.Labels.Count == 0 ? "" : Row("Labels", string.Join(", ", manifest.Task.Labels.Select(Code))))
            .Append(manifest.Task.InputTemplate is null ? "" : Row("Input", Code(manifest.Task.InputTemplate)))
            .Append(Row("Before an input, for a label", manifest.LabelPrefix.Length == 0 ? "nothing" : Code(manifest.LabelPrefix)))
            .Append(manifest switch
            {
                { RationalePrefix: null } => "",
                { RationaleStart: { } start } => Row("For a rationale", Invariant($"the decoder starts from the id {start} (`decoder_start_token_id`)")),
                _ => Row("Before an input, for a rationale", Code(manifest.RationalePrefix)),
            })
            .Append(Row("Inputs are cut at", $"{manifest.MaxInputTokens} tokens"));
        card.Append("\n## How it was made\n\n")
            .Append(Row("Arm", manifest.Arm))
            .Append(Row("From", lineage.From is null ? "random weights" : Code(lineage.From)))
            .Append(lineage.Teacher is null ? "" : Row("Teacher", Plain(lineage.Teacher)))
            .Append(lineage.Annotations.Count == 0 ? "" : Row("Annotations", string.Join(
                ", ", lineage.Annotations.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => Invariant($"{pair.Value:N0} {pair.Key}")))))
            .Append(Row("Examples", Invariant($"{lineage.Examples:N0}")))
            .Append(Row("Steps", Invariant($"{lineage.Steps:N0}")))
            .Append(Row("Seed", Invariant($"{lineage.Seed}")))
            .Append(Row("Recipe", Code(lineage.Recipe)))
            .Append(Row("Network", Invariant(
                $"T5, width {config.Width}, {config.EncoderBlocks} + {config.DecoderBlocks} blocks, {config.Heads} heads of {config.HeadWidth}, {config.VocabularySize:N0} rows of vocabulary")));
        if (manifest.Scores.Count > 0)
        {
            card.Append("\n## What it reached\n\n| measure | value |\n| --- | --- |\n");
            foreach (var (name, score) in manifest.Scores.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                card.Append(CultureInfo.InvariantCulture, $"| {Plain(name)} | {score:0.####} |\n");
            }
        }

        card.Append("\n## Limits\n\nIt answers what it was trained for and nothing else, repeats its teacher's mistakes, and its rationales are\n")
            .Append("generated text, not proofs. The files and their hashes are listed in `stepdistill.json`.\n");
        return card.ToString();
    }

    /// <summary>Only a name on a hub: a hub refuses a card that gives a folder here, and nobody there could follow it.</summary>
    private static string BaseModel(StudentLineage lineage) =>
        lineage.From is { } from && HubName.TryParse(from) is { } name ? $"base_model: {Quoted(name.Repository)}\n" : "";

    private static string Row(string name, string value) => $"- **{name}**: {value}\n";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Text of others on one line, without meaning for Markdown or HTML.</summary>
    private static string Plain(string text) => string.Concat(text.Select(c => c switch
    {
        _ when char.IsControl(c) => " ",
        '\\' or '`' or '*' or '_' or '[' or ']' or '<' or '>' or '#' or '|' or '&' => $"\\{c}",
        _ => c.ToString(),
    }));

    private static string Code(string text)
    {
        var line = text.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);
        return line.Contains('`', StringComparison.Ordinal) ? Plain(line) : $"`{line}`";
    }

    /// <summary>A JSON text is a YAML text.</summary>
    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
