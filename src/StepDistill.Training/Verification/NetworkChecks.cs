using System.Globalization;
using System.Text.RegularExpressions;
using StepDistill.Students.Weights;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training.Verification;

/// <summary>
/// Compares what a network computes from given inputs: hidden states, scores, loss, gradients and written texts.
/// </summary>
internal static partial class NetworkChecks
{
    // The references differ from their own float64 runs by up to 7e-5 in logits; we may differ by three times that.
    private const double StateTolerance = 2e-4;
    private const double LossTolerance = 1e-5;

    // Worst gradient norm seen between two libraries: 8e-6, relative. A missing term shows as 1e-2 or more.
    private const double GradientTolerance = 1e-4;

    public static IEnumerable<VerificationCheck> Run(
        T5Network network, ReferenceFolder reference, List<string> notChecked, CancellationToken cancellation)
    {
        if (reference.Json("inputs.json") is not { } inputs)
        {
            notChecked.Add("states, logits, loss, gradients and tokens: inputs.json is not there.");
            return [];
        }

        var vocabulary = network.Config.VocabularySize;
        var ids = inputs["input_ids"].IdTable(vocabulary);
        var mask = inputs["attention_mask"].IdTable(2).to_type(ScalarType.Bool);
        var targets = inputs["labels"].IdTable(vocabulary, ignored: true);
        if (!ids.shape.SequenceEqual(mask.shape) || targets.size(0) != ids.size(0))
        {
            throw new StepDistillException(
                $"{inputs.File} has input_ids of [{string.Join(", ", ids.shape)}],"
                + $" attention_mask of [{string.Join(", ", mask.shape)}]"
                + $" and labels of [{string.Join(", ", targets.shape)}];"
                + " expected the same rows in all, and the same lengths in the first two.");
        }

        List<VerificationCheck> checks = [];
        using var tensors = reference.Tensors("expected.safetensors");
        var expected = reference.Json("expected.json");
        var computed = Computed.By(network, ids, mask, targets);
        if (tensors is null)
        {
            notChecked.Add("states, logits and whole gradients: expected.safetensors is not there.");
        }
        else
        {
            checks.AddRange(States(computed, tensors));
            cancellation.ThrowIfCancellationRequested();
        }

        if (expected is null)
        {
            notChecked.Add("loss, gradient norms and tokens: expected.json is not there.");
        }

        computed.Loss.backward();
        if (expected is not null)
        {
            checks.AddRange(Losses(computed, expected));
            checks.AddRange(GradientNorms(network, expected));
        }

        if (tensors is not null)
        {
            checks.AddRange(Gradients(network, tensors));
        }

        network.zero_grad(set_to_none: true);
        if (expected is not null)
        {
            checks.AddRange(Texts(network, ids, mask, expected, cancellation));
        }

        return checks;
    }

    private static IEnumerable<VerificationCheck> States(Computed computed, WeightFiles tensors)
    {
        var given = computed.States.Where(state => tensors.Find(state.Name) is not null);
        foreach (var group in given.GroupBy(state => state.Check))
        {
            // States between blocks are not normed: in some networks they reach hundreds, and rounding grows with them.
            var scaled = group.Key.EndsWith("_states", StringComparison.Ordinal);
            var differences = group.Select(state =>
                (state.Name, Differences.Largest(state.Value, ReferenceFolder.Read(tensors, state.Name), scaled)));
            yield return Differences.Worst(group.Key, StateTolerance, scaled ? "scaled" : "absolute", differences);
        }
    }

    private static IEnumerable<VerificationCheck> Losses(Computed computed, ReferenceJson expected)
    {
        if (expected.Find("decoder_input_ids") is { } shifted)
        {
            var ours = computed.DecoderIds.data<long>().ToArray();
            var theirs = shifted.Items().SelectMany(row => row.Numbers()).ToArray();
            yield return new VerificationCheck(
                "decoder_input_ids",
                ours.Length == theirs.Length ? ours.Zip(theirs).Count(pair => pair.First != pair.Second) : null,
                0,
                "count");
        }

        if (expected.Find("loss") is { } loss)
        {
            var difference = Math.Abs(computed.Loss.item<float>() - loss.Number());
            yield return Differences.Worst("loss", LossTolerance, "absolute", [("mean over all tokens", difference)]);
        }

        if (expected.Find("per_row_loss_sum") is { } rows)
        {
            var theirs = rows.Numbers();
            var differences = computed.RowLosses.Select((row, i) =>
                ($"row {i}, per token", Math.Abs(row.Sum - Given(theirs, i)) / Math.Max(1, row.Tokens)));
            yield return Differences.Worst("row_losses", LossTolerance, "absolute", differences);
        }
    }

    private static IEnumerable<VerificationCheck> GradientNorms(T5Network network, ReferenceJson expected)
    {
        var norms = T5Weights.Of(network).ToDictionary(w => w.Name, w => w.Weight.grad?.norm().item<float>() ?? 0.0);
        var total = Math.Sqrt(norms.Values.Sum(norm => norm * norm));
        if (expected.Find("grad_norms") is { } theirs)
        {
            // A weight whose gradient is this far below the whole's has a gradient of rounding errors.
            var smallest = total * 1e-5;
            var differences = theirs.Entries().Select(entry => (entry.Key, norms.TryGetValue(entry.Key, out var norm)
                ? Differences.Relative(norm, entry.Value.Number(), smallest)
                : double.NaN));
            yield return Differences.Worst("gradient_norms", GradientTolerance, "relative", differences);
        }

        if (expected.Find("grad_norm_total") is { } wanted)
        {
            var difference = Differences.Relative(total, wanted.Number());
            yield return Differences.Worst(
                "gradient_norm_total", GradientTolerance, "relative", [("total", difference)]);
        }
    }

    private static IEnumerable<VerificationCheck> Gradients(T5Network network, WeightFiles tensors)
    {
        const string prefix = "grad.";
        var ours = T5Weights.Of(network).ToDictionary(w => w.Name, w => w.Weight);
        var names = tensors.Tensors.Select(tensor => tensor.Name);
        var given = names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        if (given.Count > 0)
        {
            yield return Differences.Worst("gradients", GradientTolerance, "relative", given.Select(name =>
                (name, ours.TryGetValue(name[prefix.Length..], out var weight) && weight.grad is { } gradient
                    ? Differences.OfNorm(gradient, ReferenceFolder.Read(tensors, name))
                    : double.NaN)));
        }
    }

    private static IEnumerable<VerificationCheck> Texts(
        T5Network network, Tensor ids, Tensor mask, ReferenceJson expected, CancellationToken cancellation)
    {
        foreach (var (key, rows) in expected.Entries())
        {
            var name = TextsName().Match(key);
            if (!name.Success)
            {
                continue;
            }

            var texts = T5Decoding.Beam(
                network,
                ids,
                mask,
                maxLength: int.Parse(name.Groups["length"].Value, CultureInfo.InvariantCulture),
                beams: name.Groups["beams"].Success
                    ? int.Parse(name.Groups["beams"].Value, CultureInfo.InvariantCulture)
                    : 1,
                cancellation: cancellation);
            yield return Differences.OfTokens(
                key,
                [.. texts.Select(text => text.Prepend(network.Config.StartId).ToArray())],
                [.. rows.Items().Select(row => row.Ids(network.Config.VocabularySize))],
                network.Config.PadId);
        }
    }

    private static double Given(IReadOnlyList<double> numbers, int place) =>
        place < numbers.Count ? numbers[place] : double.NaN;

    [GeneratedRegex(@"^(greedy|beam(?<beams>[1-9]\d?))_max_length_(?<length>[1-9]\d{0,3})$")]
    private static partial Regex TextsName();

    /// <summary>One run of the network, with what happened between its blocks.</summary>
    private sealed record Computed(
        Tensor DecoderIds,
        Tensor Loss,
        IReadOnlyList<(double Sum, int Tokens)> RowLosses,
        IReadOnlyList<(string Check, string Name, Tensor Value)> States)
    {
        public static Computed By(T5Network network, Tensor ids, Tensor mask, Tensor targets)
        {
            var length = targets.size(1);
            List<Tensor> encoderStates = [];
            List<Tensor> decoderStates = [];
            var decoderIds = network.DecoderIds(targets);
            var encoded = network.Encode(ids, mask, encoderStates);
            var decoded = network.Decode(encoded, mask, decoderIds, decoderStates);
            var logits = network.Logits(decoded);

            // Hugging Face's list of hidden states: what goes into each block, and last what leaves the final norm.
            List<(string, string, Tensor)> states =
            [
                .. encoderStates.Append(encoded).Select((state, i) =>
                    ("encoder_hidden_states", $"encoder_hidden_{i}", state)),
                ("encoder_hidden_states", "encoder_last_hidden_state", encoded),
                .. decoderStates.Append(decoded).Select((state, i) =>
                    ("decoder_hidden_states", $"decoder_hidden_{i}", state)),
                ("position_bias", "decoder_position_bias", network.DecoderPositionBias(length, length)),
                ("logits", "logits", logits),
            ];
            var real = targets >= 0;
            var losses = nn.functional.cross_entropy(
                logits.flatten(0, 1), targets.flatten(), ignore_index: -100, reduction: nn.Reduction.None);
            return new Computed(
                decoderIds,
                nn.functional.cross_entropy(logits[real], targets[real]),
                [.. losses.detach().view(targets.shape).sum(1).data<float>().Zip(
                    real.sum(1).data<long>(), (sum, tokens) => ((double)sum, (int)tokens))],
                states);
        }
    }
}
