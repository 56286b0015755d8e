using StepDistill.Batches;
using StepDistill.Recipes;
using StepDistill.Students;
using StepDistill.Tokenizers;
using StepDistill.Training.Devices;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training;

/// <summary>A student on its own network: for evaluation while training, and for students in folders.</summary>
/// <remarks>Not safe for use by several threads at once.</remarks>
/// <param name="network">The network; it stays the caller's.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="labelPrefix">What marks the label task.</param>
/// <param name="rationalePrefix">What marks the rationale task; null where the student was not trained to give one.</param>
public sealed class TorchStudent(T5Network network, Tokenizer tokenizer, string labelPrefix, string? rationalePrefix) : IStudent
{
    // A rationale may be as long as the longest target that the paper's program trains on.
    private const int MaxRationaleTokens = 256;

    private bool _ownsNetwork;

    /// <summary>Whether label and rationale come in one text, as the arm <c>single-task</c> trains it.</summary>
    public bool SingleTask { get; init; }

    /// <summary>The id from which the decoder starts a rationale; null for the configuration's, from which it starts a label.</summary>
    public int? RationaleStart { get; init; }

    /// <summary>Inputs are cut at this many tokens, end mark included.</summary>
    public int MaxInputTokens { get; init; } = 1024;

    /// <summary>Tokens that a label may have; Hugging Face's <c>max_length</c>, so the start mark is one of them.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>Beams of the search; 1 is greedy.</summary>
    public int Beams { get; init; } = 1;

    /// <summary>Inputs answered at a time.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Opens a student's folder; one without a manifest gets no prefixes.</summary>
    /// <param name="folder">The folder, in Hugging Face's layout.</param>
    /// <param name="evaluation">Tokens, beams and batch size; the defaults of a recipe where missing.</param>
    /// <exception cref="StepDistillException">The folder holds no whole student.</exception>
    public static TorchStudent Open(string folder, EvaluationSection? evaluation = null)
    {
        NativeLibraries.Require();
        evaluation ??= new();
        var student = StudentFolder.Open(folder);
        var tokenizer = student.LoadTokenizer();
        var manifest = student.Manifest;
        using var weights = student.OpenWeights();
        var network = T5Weights.Load(student.Config, weights);
        network.eval();
        return new TorchStudent(network, tokenizer, manifest?.LabelPrefix ?? "", manifest?.RationalePrefix)
        {
            SingleTask = manifest?.Arm == Arms.SingleTask,
            RationaleStart = manifest?.RationaleStart,
            MaxInputTokens = manifest?.MaxInputTokens ?? 1024,
            MaxTokens = evaluation.MaxTokens,
            Beams = evaluation.Beams,
            BatchSize = evaluation.BatchSize,
            _ownsNetwork = true,
        };
    }

    /// <inheritdoc/>
    public IReadOnlyList<Prediction> Predict(
        IReadOnlyList<string> inputs, bool withRationale = false, CancellationToken cancellation = default)
    {
        if (SingleTask)
        {
            return [.. Write("", inputs, MaxRationaleTokens + MaxTokens, null, cancellation).Select(SingleTaskTarget.Read)];
        }

        var likely = Beams == 1 ? new double[inputs.Count] : null;
        var labels = Write(labelPrefix, inputs, MaxTokens, null, cancellation, likely);
        var rationales = withRationale && rationalePrefix is not null
            ? Write(rationalePrefix, inputs, MaxRationaleTokens, RationaleStart, cancellation)
            : null;
        return [.. labels.Select((label, i) => new Prediction(label.Trim(), rationales?[i].Trim())
        {
            Confidence = likely is null ? null : Math.Exp(likely[i]),
        })];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsNetwork)
        {
            network.Dispose();
        }
    }

    private string[] Write(
        string prefix, IReadOnlyList<string> inputs, int maxLength, int? startId, CancellationToken cancellation, double[]? likely = null)
    {
        var sources = inputs.Select(input => PairEncoder.Encode(tokenizer, prefix + input, MaxInputTokens)).ToArray();
        var texts = new string[inputs.Count];

        // Rows of like length together: less padding, the same answers.
        foreach (var rows in Enumerable.Range(0, sources.Length).OrderBy(row => sources[row].Length).Chunk(BatchSize))
        {
            using var scope = NewDisposeScope();
            var (ids, mask) = TensorBatch.Sources([.. rows.Select(row => sources[row])], network.Config.PadId, network.Device);
            var sums = likely is null ? null : new double[rows.Length];
            var written = Beams == 1
                ? T5Decoding.Greedy(network, ids, mask, maxLength, startId, sums, cancellation)
                : T5Decoding.Beam(network, ids, mask, maxLength, Beams, startId, cancellation);
            for (var i = 0; i < rows.Length; i++)
            {
                texts[rows[i]] = tokenizer.Decode(written[i]);
                if (likely is not null)
                {
                    likely[rows[i]] = sums![i];
                }
            }
        }

        return texts;
    }
}
