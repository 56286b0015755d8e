using Microsoft.ML.OnnxRuntime;
using StepDistill.Students;

namespace StepDistill.Inference.Sessions;

/// <summary>A student's two graphs in ONNX Runtime: tokens in, states and scores out.</summary>
/// <remarks>Safe for use by any number of threads at once. The decoder is loaded when it is first needed.</remarks>
internal sealed class StudentSessions : IDisposable
{
    private static readonly string[] EncoderInputs = ["input_ids", "attention_mask"];
    private static readonly string[] EncoderOutputs = ["last_hidden_state"];
    private static readonly string[] ScoreOutputs = ["logits"];
    private static readonly string[] Kinds = ["decoder.key", "decoder.value", "encoder.key", "encoder.value"];
    private static readonly long[] One = [1];
    private static readonly bool[] Yes = [true];
    private static readonly bool[] No = [false];

    private readonly T5Config config;
    private readonly DecoderSizes sizes;
    private readonly InferenceSession encoder;
    private readonly InferenceSession decoder;
    private readonly string[] firstOutputs;
    private readonly string[] laterOutputs;
    private readonly string[] inputNames;
    private readonly OrtValue nothing;
    private readonly OrtValue noStates;
    private readonly OrtValue yes;
    private readonly OrtValue no;
    private readonly OrtValue noOffsets;
    private readonly RunOptions options = new();

    /// <summary>Loads the graphs.</summary>
    /// <param name="folder">A student's folder with <c>onnx/</c> in it.</param>
    /// <param name="config">The sizes of its network.</param>
    /// <param name="precision">Which files.</param>
    /// <param name="threads">Threads of one pass; null for one a core.</param>
    /// <exception cref="StepDistillException">A file is missing, damaged, or of another student.</exception>
    public StudentSessions(string folder, T5Config config, StudentPrecision precision, int? threads)
    {
        this.config = config;
        sizes = new(config.DecoderBlocks, config.Heads, config.HeadWidth, config.VocabularySize);
        var names = Enumerable.Range(0, config.DecoderBlocks)
            .SelectMany(_ => Kinds, (block, what) => $"{block}.{what}")
            .ToList();
        firstOutputs = ["logits", .. names.Select(name => $"present.{name}")];
        laterOutputs = ["logits", .. names.Where(name => name.Contains("decoder", StringComparison.Ordinal)).Select(name => $"present.{name}")];
        inputNames = ["encoder_attention_mask", "input_ids", "encoder_hidden_states", .. names.Select(name => $"past_key_values.{name}"), "use_cache_branch", StudentGraphs.Offsets];

        using var settings = SessionSettings.Create(threads);
        encoder = Load(folder, precision.EncoderFile, settings);
        try
        {
            decoder = Load(folder, precision.DecoderFile, settings);
            if (!decoder.InputMetadata.Keys.Order(StringComparer.Ordinal).SequenceEqual(inputNames.Order(StringComparer.Ordinal)))
            {
                throw new StepDistillException(
                    $"{Path.Combine(folder, precision.DecoderFile)} asks for other inputs than a decoder of {config.DecoderBlocks} blocks. "
                    + "It may be of another student or program; export the student again.");
            }
        }
        catch
        {
            encoder.Dispose();
            decoder?.Dispose();
            throw;
        }

        nothing = OrtValue.CreateTensorValueFromMemory(Array.Empty<float>(), [1, config.Heads, 0, config.HeadWidth]);
        noStates = OrtValue.CreateTensorValueFromMemory(new float[config.Width], [1, 1, config.Width]);
        yes = OrtValue.CreateTensorValueFromMemory(Yes, One);
        no = OrtValue.CreateTensorValueFromMemory(No, One);
        noOffsets = OrtValue.CreateTensorValueFromMemory(new long[1], [1, 1, 1]);
    }

    /// <summary>The sizes of the network.</summary>
    public T5Config Config => config;

    /// <summary>Reads inputs.</summary>
    /// <param name="sources">Token ids of each, end mark included; the shorter ones are padded.</param>
    public Encoded Encode(IReadOnlyList<int[]> sources)
    {
        var (rows, longest) = (sources.Count, sources.Max(source => source.Length));
        var ids = new long[rows * longest];
        var mask = new long[rows * longest];
        ids.AsSpan().Fill(config.PadId);
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < sources[row].Length; i++)
            {
                ids[(row * longest) + i] = sources[row][i];
                mask[(row * longest) + i] = 1;
            }
        }

        using var idValue = OrtValue.CreateTensorValueFromMemory(ids, [rows, longest]);
        var maskValue = OrtValue.CreateTensorValueFromMemory(mask, [rows, longest]);
        try
        {
            return new(encoder.Run(options, EncoderInputs, [idValue, maskValue], EncoderOutputs)[0], maskValue, [.. sources.Select(source => source.Length)]);
        }
        catch
        {
            maskValue.Dispose();
            throw;
        }
    }

    /// <summary>Scores what follows each of several tokens, which may be a trie.</summary>
    /// <param name="encoded">[B] inputs.</param>
    /// <param name="tokens">[B, T] int64</param>
    /// <param name="offsets">[B or 1, T, T] int64: what is added to each token's distance to each other.</param>
    /// <param name="length">T</param>
    /// <returns>[B, T, V]; the caller disposes of it.</returns>
    public OrtValue Score(Encoded encoded, long[] tokens, long[] offsets, int length)
    {
        using var ids = OrtValue.CreateTensorValueFromMemory(tokens, [encoded.Rows, length]);
        using var distances = OrtValue.CreateTensorValueFromMemory(offsets, [offsets.Length / (length * length), length, length]);
        var inputs = new OrtValue[inputNames.Length];
        Fill(inputs, encoded.Mask, ids, encoded.States, no, distances);
        inputs.AsSpan(3, 4 * sizes.Blocks).Fill(nothing);
        return decoder.Run(options, inputNames, inputs, ScoreOutputs)[0];
    }

    /// <summary>Begins texts: scores what follows the first token.</summary>
    /// <param name="encoded">[B] inputs; their mask becomes the memory's.</param>
    /// <param name="startId">The first token.</param>
    /// <returns>[B, 1, V], and what the decoder remembers; the caller disposes of both.</returns>
    public (OrtValue Logits, DecoderMemory Memory) Begin(Encoded encoded, int startId)
    {
        var tokens = new long[encoded.Rows];
        tokens.AsSpan().Fill(startId);
        using var ids = OrtValue.CreateTensorValueFromMemory(tokens, [encoded.Rows, 1]);
        var inputs = new OrtValue[inputNames.Length];
        Fill(inputs, encoded.Mask, ids, encoded.States, no, noOffsets);
        inputs.AsSpan(3, 4 * sizes.Blocks).Fill(nothing);
        var results = decoder.Run(options, inputNames, inputs, firstOutputs);
        var memory = new DecoderMemory(sizes, OrtValue.CreateTensorValueFromMemory(
            encoded.Mask.GetTensorDataAsSpan<long>().ToArray(), encoded.Mask.GetTensorTypeAndShape().Shape));
        for (var i = 0; i < sizes.Blocks; i++)
        {
            (memory.Decoder[2 * i], memory.Decoder[(2 * i) + 1]) = (results[1 + (4 * i)], results[2 + (4 * i)]);
            (memory.Encoder[2 * i], memory.Encoder[(2 * i) + 1]) = (results[3 + (4 * i)], results[4 + (4 * i)]);
        }

        return (results[0], memory);
    }

    /// <summary>Goes on with texts: scores what follows their newest tokens.</summary>
    /// <param name="memory">What came before; it grows.</param>
    /// <param name="tokens">[R] the newest token of each text.</param>
    /// <returns>[R, 1, V]; the caller disposes of it.</returns>
    public OrtValue Continue(DecoderMemory memory, long[] tokens)
    {
        using var ids = OrtValue.CreateTensorValueFromMemory(tokens, [tokens.Length, 1]);
        var inputs = new OrtValue[inputNames.Length];
        Fill(inputs, memory.Mask, ids, noStates, yes, noOffsets);
        for (var i = 0; i < sizes.Blocks; i++)
        {
            (inputs[3 + (4 * i)], inputs[4 + (4 * i)]) = (memory.Decoder[2 * i], memory.Decoder[(2 * i) + 1]);
            (inputs[5 + (4 * i)], inputs[6 + (4 * i)]) = (memory.Encoder[2 * i], memory.Encoder[(2 * i) + 1]);
        }

        var results = decoder.Run(options, inputNames, inputs, laterOutputs);
        for (var i = 0; i < memory.Decoder.Length; i++)
        {
            memory.Decoder[i].Dispose();
            memory.Decoder[i] = results[1 + i];
        }

        return results[0];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        encoder.Dispose();
        decoder.Dispose();
        foreach (var value in new[] { nothing, noStates, yes, no, noOffsets })
        {
            value.Dispose();
        }

        options.Dispose();
    }

    private static void Fill(OrtValue[] inputs, OrtValue mask, OrtValue ids, OrtValue states, OrtValue cached, OrtValue offsets)
    {
        (inputs[0], inputs[1], inputs[2]) = (mask, ids, states);
        (inputs[^2], inputs[^1]) = (cached, offsets);
    }

    private static InferenceSession Load(string folder, string file, SessionOptions settings)
    {
        var path = Path.Combine(folder, file);
        if (!File.Exists(path))
        {
            throw new StepDistillException($"There is no {path}. Export the student first: stepdistill export {folder}");
        }

        try
        {
            return new InferenceSession(path, settings);
        }
        catch (OnnxRuntimeException e)
        {
            throw new StepDistillException($"{path} cannot be loaded: {e.Message} Copy or export it again.", e);
        }
    }
}
