using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Files;

namespace StepDistill.Students;

/// <summary>Reads and writes the sizes of a T5 as Hugging Face's <c>config.json</c>.</summary>
/// <remarks>
/// Keys and defaults: huggingface/transformers, src/transformers/models/t5/configuration_t5.py. Where version 5 wrote the
/// file, <c>tie_word_embeddings</c> is always true and <c>scale_decoder_outputs</c> says what that key said before.
/// The stock keys <c>task_specific_params</c> and <c>prefix</c> are neither read nor written: pipelines put the prefix
/// in them before every input, silently.
/// </remarks>
public static class T5ConfigFile
{
    /// <summary>The file's name in a student's folder.</summary>
    public const string FileName = "config.json";

    /// <summary>The file, beside it, that tells transformers how to generate.</summary>
    public const string GenerationFileName = "generation_config.json";

    /// <summary>No configuration is larger; what is, is something else.</summary>
    private const int MaxBytes = 16 << 20;

    private static readonly (string Name, T5FeedForwardKind Kind, string Activation)[] FeedForwards =
    [
        ("relu", T5FeedForwardKind.Relu, "relu"),
        ("gated-gelu", T5FeedForwardKind.GatedGelu, "gelu_new"),
        ("gated-silu", T5FeedForwardKind.GatedSilu, "silu"),
    ];

    /// <summary>Reads a configuration.</summary>
    /// <param name="path">A <c>config.json</c>, or the folder that holds one.</param>
    /// <returns>The sizes; what the file does not say has transformers' default.</returns>
    /// <exception cref="StepDistillException">There is no such file, or it is not of a T5 that this program knows.</exception>
    public static T5Config Read(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        if (!File.Exists(file))
        {
            throw new StepDistillException($"There is no {file}. A student's folder holds {FileName} with the sizes of its network.");
        }

        try
        {
            using var json = JsonDocument.Parse(BoundedFile.ReadAllBytes(file, MaxBytes, "a configuration"));
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? From(new Keys(json.RootElement, file), file)
                : throw new StepDistillException($"{file} is not a JSON object. Copy or download it again.");
        }
        catch (JsonException e)
        {
            throw new StepDistillException($"{file} is not JSON: {e.Message} Copy or download it again.", e);
        }
    }

    /// <summary>Writes <c>config.json</c> and <c>generation_config.json</c> into a folder.</summary>
    /// <param name="folder">The student's folder; made where it is missing.</param>
    /// <param name="config">The sizes.</param>
    /// <exception cref="IOException">The disk is full or the folder cannot be written.</exception>
    public static void Write(string folder, T5Config config)
    {
        var form = FeedForwards.First(form => form.Kind == config.FeedForward);
        WriteJson(Path.Combine(folder, FileName), new JsonObject
        {
            ["architectures"] = new JsonArray("T5ForConditionalGeneration"),
            ["d_ff"] = config.FeedForwardWidth,
            ["d_kv"] = config.HeadWidth,
            ["d_model"] = config.Width,
            ["decoder_start_token_id"] = config.StartId,
            ["dense_act_fn"] = form.Activation,
            ["dropout_rate"] = config.DropoutRate,
            ["eos_token_id"] = config.EndId,
            ["feed_forward_proj"] = form.Name,
            ["initializer_factor"] = config.InitializerFactor,
            ["is_encoder_decoder"] = true,
            ["is_gated_act"] = form.Kind != T5FeedForwardKind.Relu,
            ["layer_norm_epsilon"] = config.NormEpsilon,
            ["model_type"] = "t5",
            ["num_decoder_layers"] = config.DecoderBlocks,
            ["num_heads"] = config.Heads,
            ["num_layers"] = config.EncoderBlocks,
            ["pad_token_id"] = config.PadId,
            ["relative_attention_max_distance"] = config.PositionMaxDistance,
            ["relative_attention_num_buckets"] = config.PositionBuckets,
            ["tie_word_embeddings"] = config.TiedEmbeddings,
            ["use_cache"] = true,
            ["vocab_size"] = config.VocabularySize,
        });
        WriteJson(Path.Combine(folder, GenerationFileName), new JsonObject
        {
            ["decoder_start_token_id"] = config.StartId,
            ["eos_token_id"] = config.EndId,
            ["pad_token_id"] = config.PadId,
        });
    }

    private static void WriteJson(string path, JsonObject json) =>
        AtomicFile.WriteText(path, json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");

    private static T5Config From(Keys keys, string file)
    {
        var type = keys.Text("model_type");
        if (type is not "t5")
        {
            throw new StepDistillException(
                $"{file} has model_type '{type ?? "(missing)"}'; a student must be of model_type 't5': T5 v1.0, v1.1 or Flan-T5.");
        }

        var layers = keys.Whole("num_layers", 6, 1, 1024);
        var vocabulary = keys.Whole("vocab_size", 32_128, 1, 10_000_000);
        var pad = keys.Whole("pad_token_id", 0, 0, vocabulary - 1);
        return new T5Config
        {
            Width = keys.Whole("d_model", 512, 1, 65_536),
            Heads = keys.Whole("num_heads", 8, 1, 1024),
            HeadWidth = keys.Whole("d_kv", 64, 1, 65_536),
            FeedForwardWidth = keys.Whole("d_ff", 2048, 1, 1_048_576),
            EncoderBlocks = layers,
            DecoderBlocks = keys.Whole("num_decoder_layers", layers, 1, 1024),
            VocabularySize = vocabulary,
            FeedForward = FeedForward(keys, file),
            TiedEmbeddings = keys.Truth("scale_decoder_outputs") ?? keys.Truth("tie_word_embeddings") ?? true,
            PositionBuckets = keys.Whole("relative_attention_num_buckets", 32, 4, 65_536),
            PositionMaxDistance = keys.Whole("relative_attention_max_distance", 128, 2, 1_048_576),
            NormEpsilon = keys.Number("layer_norm_epsilon", 1e-6, 0, 1),
            DropoutRate = keys.Number("dropout_rate", 0.1, 0, 0.999),
            InitializerFactor = keys.Number("initializer_factor", 1, 0, 1e6),
            PadId = pad,
            EndId = keys.Whole("eos_token_id", 1, 0, vocabulary - 1),
            StartId = keys.Whole("decoder_start_token_id", pad, 0, vocabulary - 1),
        };
    }

    private static T5FeedForwardKind FeedForward(Keys keys, string file)
    {
        var name = keys.Text("feed_forward_proj") ?? "relu";
        var known = string.Join(", ", FeedForwards.Select(form => form.Name));
        var form = FeedForwards.FirstOrDefault(form => form.Name == name);
        if (form.Name is null)
        {
            throw new StepDistillException($"{file} has feed_forward_proj '{name}'; known are {known}.");
        }

        return keys.Text("dense_act_fn") is not { } activation || activation == form.Activation
            ? form.Kind
            : throw new StepDistillException(
                $"{file} has dense_act_fn '{activation}' beside feed_forward_proj '{name}', which means '{form.Activation}'.");
    }

    /// <summary>The keys of the file; null counts as missing, as it does for transformers.</summary>
    private sealed class Keys(JsonElement json, string file)
    {
        public string? Text(string key) => Find(key) switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } value => value.GetString(),
            { } value => throw Wrong(key, value, "a text"),
        };

        public bool? Truth(string key) => Find(key) switch
        {
            null => null,
            { ValueKind: JsonValueKind.True or JsonValueKind.False } value => value.GetBoolean(),
            { } value => throw Wrong(key, value, "true or false"),
        };

        public int Whole(string key, int missing, int least, int most)
        {
            if (Find(key) is not { } value)
            {
                return missing;
            }

            return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
                ? number : throw Wrong(key, value, $"a whole number from {least} to {most}");
        }

        public double Number(string key, double missing, double least, double most)
        {
            if (Find(key) is not { } value)
            {
                return missing;
            }

            return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most
                ? number : throw Wrong(key, value, FormattableString.Invariant($"a number from {least} to {most}"));
        }

        private JsonElement? Find(string key) =>
            json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

        private StepDistillException Wrong(string key, JsonElement value, string expected)
        {
            var text = value.GetRawText();
            return new($"{file} has {key} {(text.Length <= 80 ? text : text[..80] + "…")}; it must be {expected}.");
        }
    }
}
