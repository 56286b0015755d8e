using System.Text.Json.Nodes;
using CsCheck;
using StepDistill.Students;
using StepDistill.Tests.Runs;
using StepDistill.Tests.Tokenizers;

namespace StepDistill.Tests.Students;

public sealed class T5ConfigFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_missing_has_the_default_of_transformers()
    {
        var config = Read("""{"model_type": "t5"}""");

        Assert.Equal(
            new T5Config
            {
                Width = 512, Heads = 8, HeadWidth = 64, FeedForwardWidth = 2048, EncoderBlocks = 6, DecoderBlocks = 6,
                VocabularySize = 32_128, FeedForward = T5FeedForwardKind.Relu, TiedEmbeddings = true, PositionBuckets = 32,
                PositionMaxDistance = 128, NormEpsilon = 1e-6, DropoutRate = 0.1, InitializerFactor = 1, PadId = 0, EndId = 1, StartId = 0,
            },
            config);
    }

    [Fact]
    public void A_published_file_is_read_with_all_that_it_says()
    {
        // The keys of a v1.1 checkpoint, with numbers of no real one, and with what must not be taken over.
        var config = Read(
            """
            {"architectures": ["T5ForConditionalGeneration"], "model_type": "t5", "d_model": 48, "num_heads": 4, "d_kv": 8, "d_ff": 64,
             "num_layers": 2, "num_decoder_layers": 3, "vocab_size": 384, "feed_forward_proj": "gated-gelu", "dense_act_fn": "gelu_new",
             "is_gated_act": true, "tie_word_embeddings": false, "relative_attention_num_buckets": 16, "relative_attention_max_distance": 64,
             "layer_norm_epsilon": 1e-05, "dropout_rate": 0.05, "initializer_factor": 0.5, "pad_token_id": 3, "eos_token_id": 4,
             "decoder_start_token_id": 5, "prefix": "x", "task_specific_params": {"summarization": {"prefix": "summarize: "}}}
            """);

        Assert.Equal(
            new T5Config
            {
                Width = 48, Heads = 4, HeadWidth = 8, FeedForwardWidth = 64, EncoderBlocks = 2, DecoderBlocks = 3,
                VocabularySize = 384, FeedForward = T5FeedForwardKind.GatedGelu, TiedEmbeddings = false, PositionBuckets = 16,
                PositionMaxDistance = 64, NormEpsilon = 1e-5, DropoutRate = 0.05, InitializerFactor = 0.5, PadId = 3, EndId = 4, StartId = 5,
            },
            config);
    }

    [Theory]
    [InlineData("""{"model_type": "t5", "num_layers": 3, "num_decoder_layers": null}""", 3)]
    [InlineData("""{"model_type": "t5", "num_layers": 3}""", 3)]
    [InlineData("""{"model_type": "t5", "num_layers": 3, "num_decoder_layers": 1}""", 1)]
    public void A_decoder_without_a_depth_has_the_encoder_s(string json, int depth) => Assert.Equal(depth, Read(json).DecoderBlocks);

    [Theory]
    [InlineData("""{"model_type": "t5", "tie_word_embeddings": false}""", false)]
    [InlineData("""{"model_type": "t5", "tie_word_embeddings": true, "scale_decoder_outputs": false}""", false)] // v1.1, saved by version 5
    [InlineData("""{"model_type": "t5", "tie_word_embeddings": true, "scale_decoder_outputs": true}""", true)]
    public void Tying_is_read_from_files_of_every_version(string json, bool tied) => Assert.Equal(tied, Read(json).TiedEmbeddings);

    [Theory]
    [InlineData("""{"model_type": "bert"}""", "'bert'", "'t5'")]
    [InlineData("""{"d_model": 3}""", "(missing)", "'t5'")]
    [InlineData("""{"model_type": 5}""", "model_type 5", "text")]
    [InlineData("""{"model_type": "t5", "feed_forward_proj": "gated-swish"}""", "'gated-swish'", "relu, gated-gelu, gated-silu")]
    [InlineData("""{"model_type": "t5", "feed_forward_proj": "gelu"}""", "'gelu'", "relu, gated-gelu, gated-silu")]
    [InlineData("""{"model_type": "t5", "feed_forward_proj": "gated-gelu", "dense_act_fn": "gelu"}""", "dense_act_fn 'gelu'", "gelu_new")]
    [InlineData("""{"model_type": "t5", "d_model": 0}""", "d_model 0", "from 1")]
    [InlineData("""{"model_type": "t5", "num_heads": -1}""", "num_heads -1", "from 1")]
    [InlineData("""{"model_type": "t5", "num_layers": 1.5}""", "num_layers 1.5", "whole number")]
    [InlineData("""{"model_type": "t5", "vocab_size": 2147483648}""", "vocab_size 2147483648", "10000000")]
    [InlineData("""{"model_type": "t5", "vocab_size": 10, "eos_token_id": 10}""", "eos_token_id 10", "from 0 to 9")]
    [InlineData("""{"model_type": "t5", "dropout_rate": "high"}""", "dropout_rate \"high\"", "number")]
    [InlineData("""{"model_type": "t5", "dropout_rate": 1}""", "dropout_rate 1", "0.999")]
    [InlineData("""{"model_type": "t5", "tie_word_embeddings": "yes"}""", "tie_word_embeddings", "true or false")]
    [InlineData("[]", "config.json", "not a JSON object")]
    [InlineData("{", "config.json", "not JSON")]
    [InlineData("", "config.json", "not JSON")]
    public void What_cannot_be_used_is_told_with_what_can(string json, string found, string expected)
    {
        var error = Assert.Throws<StepDistillException>(() => Read(json));

        Assert.Contains(found, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() => Assert.Contains(
        folder["config.json"], Assert.Throws<StepDistillException>(() => T5ConfigFile.Read(folder["config.json"])).Message, StringComparison.Ordinal);

    [Fact]
    public void What_is_written_is_read() => Gen.Select(
            Gen.Int[1, 4096], Gen.Int[1, 64], Gen.Int[1, 24], Gen.Int[1, 24], Gen.Int[0, 2], Gen.Bool, Gen.Int[100, 40_000], Gen.Double[0, 0.9])
        .Sample(
            (width, heads, encoder, decoder, form, tied, vocabulary, dropout) =>
            {
                var config = new T5Config
                {
                    Width = width, Heads = heads, HeadWidth = heads + 1, FeedForwardWidth = 2 * width, EncoderBlocks = encoder,
                    DecoderBlocks = decoder, FeedForward = (T5FeedForwardKind)form, TiedEmbeddings = tied, VocabularySize = vocabulary,
                    DropoutRate = dropout, InitializerFactor = dropout + 1, PadId = 7, EndId = 8, StartId = 9, PositionBuckets = 8,
                };
                T5ConfigFile.Write(folder.Path, config);
                Assert.Equal(config, T5ConfigFile.Read(folder.Path));
            },
            iter: 100,
            threads: 1);

    [Fact]
    public void The_written_files_say_to_transformers_what_it_needs()
    {
        T5ConfigFile.Write(folder.Path, T5Sizes.Named("t5-v1_1-tiny") with { StartId = 2, EndId = 3, PadId = 4 });

        var config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!.AsObject();
        Assert.Equal("t5", (string?)config["model_type"]);
        Assert.Equal("T5ForConditionalGeneration", (string?)config["architectures"]![0]);
        Assert.Equal("gated-gelu", (string?)config["feed_forward_proj"]);
        Assert.Equal("gelu_new", (string?)config["dense_act_fn"]);
        Assert.True((bool)config["is_encoder_decoder"]!);
        Assert.Null(config["prefix"]);
        Assert.Null(config["task_specific_params"]);
        Assert.Equal(
            """{"decoder_start_token_id":2,"eos_token_id":3,"pad_token_id":4}""",
            JsonNode.Parse(File.ReadAllText(folder["generation_config.json"]))!.ToJsonString());
    }

    [Theory]
    [InlineData("v1_0", true, T5FeedForwardKind.Relu)]
    [InlineData("v1_1", false, T5FeedForwardKind.GatedGelu)]
    public void The_reference_s_own_files_are_read(string reference, bool tied, T5FeedForwardKind form)
    {
        var path = Path.Combine(SharedFolder.Path, "golden", reference);
        Assert.SkipUnless(Directory.Exists(path), $"There is no {path}.");

        var config = T5ConfigFile.Read(path);

        Assert.Equal((tied, form), (config.TiedEmbeddings, config.FeedForward));
    }

    private T5Config Read(string json)
    {
        File.WriteAllText(folder["config.json"], json);
        return T5ConfigFile.Read(folder.Path);
    }
}
