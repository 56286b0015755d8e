namespace StepDistill.Students;

/// <summary>The form of the feed-forward part.</summary>
public enum T5FeedForwardKind
{
    /// <summary>v1.0: <c>wo(relu(wi·x))</c>.</summary>
    Relu,

    /// <summary>v1.1 and Flan: <c>wo(gelu(wi_0·x) ⊙ wi_1·x)</c>, GELU by its tanh formula.</summary>
    GatedGelu,

    /// <summary><c>wo(silu(wi_0·x) ⊙ wi_1·x)</c>.</summary>
    GatedSilu,
}

/// <summary>The sizes that define one network of the T5 family.</summary>
/// <remarks>
/// Plain data, so it lives in the core: training builds a TorchSharp network from it, export an ONNX graph, and the
/// student's folder stores it as Hugging Face's <c>config.json</c>. Published sizes: google-research/t5x,
/// <c>t5x/examples/t5/t5_1_1/*.gin</c>.
/// </remarks>
public sealed record T5Config
{
    /// <summary>Tokens at which inputs are cut where a student's folder does not say: what the family was first trained on.</summary>
    public const int DefaultMaxInputTokens = 512;

    /// <summary>Width D of the token vectors between blocks (<c>d_model</c>).</summary>
    public required int Width { get; init; }

    /// <summary>Number H of attention heads (<c>num_heads</c>).</summary>
    public required int Heads { get; init; }

    /// <summary>Width A of one head (<c>d_kv</c>). H·A need not equal D: in v1.1-small, 6 · 64 = 384 but D = 512.</summary>
    public int HeadWidth { get; init; } = 64;

    /// <summary>Inner width F of the feed-forward part (<c>d_ff</c>).</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Blocks in the encoder (<c>num_layers</c>).</summary>
    public required int EncoderBlocks { get; init; }

    /// <summary>Blocks in the decoder (<c>num_decoder_layers</c>).</summary>
    public required int DecoderBlocks { get; init; }

    /// <summary>Number V of rows in the embedding table (<c>vocab_size</c>): the tokenizer's ids, rounded up.</summary>
    public int VocabularySize { get; init; } = 32_128;

    /// <summary>Form of the feed-forward part (<c>feed_forward_proj</c>).</summary>
    public T5FeedForwardKind FeedForward { get; init; } = T5FeedForwardKind.GatedGelu;

    /// <summary>
    /// Whether the output layer is the embedding table (<c>tie_word_embeddings</c>); then the decoder's output is
    /// multiplied by D^-½ before it, as v1.0 does.
    /// </summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Number of buckets for relative positions (<c>relative_attention_num_buckets</c>).</summary>
    public int PositionBuckets { get; init; } = 32;

    /// <summary>Distance, in tokens, from which all positions share the last bucket (<c>relative_attention_max_distance</c>).</summary>
    public int PositionMaxDistance { get; init; } = 128;

    /// <summary>Added to the mean square before its root (<c>layer_norm_epsilon</c>).</summary>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Probability of dropping an activation while training, from 0 to 1 (<c>dropout_rate</c>).</summary>
    public double DropoutRate { get; init; } = 0.1;

    /// <summary>Scale of the random initial weights (<c>initializer_factor</c>).</summary>
    public double InitializerFactor { get; init; } = 1;

    /// <summary>Id of padding (<c>pad_token_id</c>).</summary>
    public int PadId { get; init; }

    /// <summary>Id of the end mark (<c>eos_token_id</c>).</summary>
    public int EndId { get; init; } = 1;

    /// <summary>Id that the decoder starts from (<c>decoder_start_token_id</c>).</summary>
    public int StartId { get; init; }

    /// <summary>How many numbers all weights hold together; tied ones count once.</summary>
    public long WeightCount
    {
        get
        {
            long attention = 4L * Heads * HeadWidth * Width;
            var feedForward = (FeedForward == T5FeedForwardKind.Relu ? 2L : 3L) * Width * FeedForwardWidth;
            var encoder = EncoderBlocks * (attention + feedForward + (2L * Width));
            var decoder = DecoderBlocks * ((2 * attention) + feedForward + (3L * Width));
            var tables = (TiedEmbeddings ? 1L : 2L) * VocabularySize * Width;
            return tables + encoder + decoder + (2L * Width) + (2L * PositionBuckets * Heads);
        }
    }
}
