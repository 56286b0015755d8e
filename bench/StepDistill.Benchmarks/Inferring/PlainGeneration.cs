using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using StepDistill.Students;
using StepDistill.Tokenizers;

namespace StepDistill.Benchmarks.Inferring;

/// <summary>ONNX Runtime as its examples call it: the published files, float32, a greedy loop with the decoder's memory handed on.</summary>
internal sealed class PlainGeneration : IDisposable
{
    private readonly Tokenizer _tokenizer;
    private readonly T5Config _config;
    private readonly InferenceSession _encoder;
    private readonly InferenceSession _decoder;

    public PlainGeneration(StudentFolder student)
    {
        _config = student.Config;
        _tokenizer = student.LoadTokenizer();
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        _encoder = new(Path.Combine(student.Path, "onnx", "encoder_model.onnx"), options);
        _decoder = new(Path.Combine(student.Path, "onnx", "decoder_model_merged.onnx"), options);
    }

    /// <summary>Writes so many tokens.</summary>
    public int[] Write(string text, int count)
    {
        long[] ids = [.. _tokenizer.Encode(text).Select(id => (long)id), _config.EndId];
        var input = NamedOnnxValue.CreateFromTensor("input_ids", new DenseTensor<long>(ids, [1, ids.Length]));
        var ones = new DenseTensor<long>(Enumerable.Repeat(1L, ids.Length).ToArray(), [1, ids.Length]);
        using var encoded = _encoder.Run([input, NamedOnnxValue.CreateFromTensor("attention_mask", ones)]);
        var memory = _decoder.InputMetadata.Keys.Where(name => name.StartsWith("past", StringComparison.Ordinal)).ToDictionary(
            name => name, name => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>([1, _config.Heads, 0, _config.HeadWidth])));
        var (tokens, last) = (new int[count], (long)_config.StartId);
        var kept = new List<IDisposable>();
        for (var i = 0; i < count; i++)
        {
            var results = _decoder.Run(
            [
                NamedOnnxValue.CreateFromTensor("encoder_attention_mask", ones),
                NamedOnnxValue.CreateFromTensor("input_ids", new DenseTensor<long>(new[] { last }, [1, 1])),
                NamedOnnxValue.CreateFromTensor("encoder_hidden_states", encoded[0].AsTensor<float>()),
                .. memory.Values,
                NamedOnnxValue.CreateFromTensor("use_cache_branch", new DenseTensor<bool>(new[] { i > 0 }, [1])),
            ]);
            kept.Add(results);
            foreach (var result in results.Where(result => result.Name != "logits" && (i == 0 || !result.Name.Contains("encoder", StringComparison.Ordinal))))
            {
                var name = result.Name.Replace("present", "past_key_values", StringComparison.Ordinal);
                memory[name] = NamedOnnxValue.CreateFromTensor(name, result.AsTensor<float>());
            }

            var scores = ((DenseTensor<float>)results[0].AsTensor<float>()).Buffer.Span;
            var best = 0;
            for (var token = 1; token < scores.Length; token++)
            {
                best = scores[token] > scores[best] ? token : best;
            }

            tokens[i] = best;
            last = best;
        }

        kept.ForEach(result => result.Dispose());
        return tokens;
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _decoder.Dispose();
    }
}
