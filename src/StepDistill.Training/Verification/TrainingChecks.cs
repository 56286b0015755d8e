using StepDistill.Batches;
using StepDistill.Students.Weights;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;

namespace StepDistill.Training.Verification;

/// <summary>
/// Repeats short trainings of the paper's program with our own training step and compares what they measured.
/// </summary>
internal static class TrainingChecks
{
    // A replay in plain PyTorch differs from the paper's trainer by 2e-6.
    private const double Tolerance = 1e-4;

    public static IEnumerable<VerificationCheck> Run(
        T5Network network,
        WeightFiles files,
        ReferenceFolder reference,
        List<string> notChecked,
        CancellationToken cancellation)
    {
        if (reference.Json("training.json") is not { } training
            || reference.Json("train_features.json") is not { } features)
        {
            notChecked.Add("training: training.json or train_features.json is not there.");
            return [];
        }

        if (TrainingTrace.WhyNot(training) is { } reason)
        {
            notChecked.Add($"training: {reason}");
            return [];
        }

        var examples = Examples(features, network.Config.VocabularySize);
        List<VerificationCheck> checks = [];
        foreach (var trace in TrainingTrace.AllIn(training))
        {
            T5Weights.Read(network, files);
            var before = Weights(network);
            var steps = Replay(network, trace, examples, cancellation);
            checks.AddRange(Measured(trace, steps));
            checks.AddRange(Norms(trace, before, Weights(network)));
            if (trace.IsMain)
            {
                checks.AddRange(Trained(network, reference, trace.Rate.Peak, notChecked));
            }
        }

        return checks;
    }

    private static List<StepResult> Replay(
        T5Network network, TrainingTrace trace, List<EncodedExample> examples, CancellationToken cancellation)
    {
        var perStep = trace.BatchSize * trace.Parts;
        if ((long)perStep * trace.Steps > examples.Count)
        {
            throw new StepDistillException(
                $"The training '{trace.Name}' in {trace.Json.File} takes {trace.Steps} steps of {perStep} examples,"
                + $" and train_features.json has {examples.Count}.");
        }

        using var optimizer = new AdamW(network.Memory, trace.EpsilonBeforeCorrection, trace.WeightDecay);
        using var step = new TrainStep(network, StepByStepLoss.Program(trace.Alpha), optimizer, trace.MaxGradNorm);
        List<StepResult> results = [];
        network.train();
        for (var i = 0; i < trace.Steps; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            results.Add(step.Run(examples.GetRange(i * perStep, perStep), trace.Rate.At(i), parts: trace.Parts));
        }

        network.eval();
        return results;
    }

    private static IEnumerable<VerificationCheck> Measured(TrainingTrace trace, List<StepResult> steps)
    {
        var (labels, rationales, losses) = (trace.Losses("pred_loss"), trace.Losses("expl_loss"), trace.Losses("loss"));
        var differences = steps.SelectMany((step, i) => new[]
        {
            ($"label loss of step {i}", Differences.Relative(step.LabelLoss, labels[i])),
            ($"rationale loss of step {i}", Differences.Relative(step.RationaleLoss ?? double.NaN, rationales[i])),
            ($"loss of step {i}", Differences.Relative(step.Loss, losses[i])),
        });
        yield return Differences.Worst($"{trace.Name}.losses", Tolerance, "relative", differences);
        if (trace.GradientNorms is { } norms)
        {
            differences = steps.Select((step, i) => ($"step {i}", Differences.Relative(step.GradientNorm, norms[i])));
            yield return Differences.Worst($"{trace.Name}.gradient_norms", Tolerance, "relative", differences);
        }

        if (trace.RatesAfter is { } rates)
        {
            yield return Differences.Worst($"{trace.Name}.learning_rates", Tolerance, "relative", steps.Select((_, i) =>
                ($"after step {i}", Differences.Relative(trace.Rate.At(i + 1), rates[i]))));
        }
    }

    private static IEnumerable<VerificationCheck> Norms(
        TrainingTrace trace, Dictionary<string, float[]> before, Dictionary<string, float[]> after)
    {
        (string Key, string Check, string Unit, Func<string, double> Norm)[] kinds =
        [
            ("initial_param_norms", "initial_norms", "relative", name => Norm(before[name])),
            ("final_param_norms", "final_norms", "relative", name => Norm(after[name])),
            ("final_param_delta_norms", "change_norms", "absolute", name => Norm(Change(before[name], after[name]))),
        ];
        foreach (var (key, check, unit, norm) in kinds)
        {
            if (trace.Json.Find(key) is { } given)
            {
                yield return Differences.Worst($"{trace.Name}.{check}", Tolerance, unit, given.Entries().Select(entry =>
                    (entry.Key, !before.ContainsKey(entry.Key) ? double.NaN
                        : unit == "relative" ? Differences.Relative(norm(entry.Key), entry.Value.Number())
                        : Math.Abs(norm(entry.Key) - entry.Value.Number()))));
            }
        }
    }

    /// <summary>Whole parameters after the training: nearly all values closely, and every value roughly.</summary>
    /// <remarks>
    /// Adam moves a weight by the learning rate however small its gradient is. Where a gradient is nearly zero,
    /// rounding decides which way, in the reference as here: of the 18,432 values of one embedding table 3 differ by
    /// more than 1e-5. So one value in a thousand may be further off, but not by more than a step.
    /// </remarks>
    private static IEnumerable<VerificationCheck> Trained(
        T5Network network, ReferenceFolder reference, double rate, List<string> notChecked)
    {
        using var trained = reference.Tensors("trained_params.safetensors");
        if (trained is null)
        {
            notChecked.Add("training.parameters: trained_params.safetensors is not there.");
            return [];
        }

        var ours = T5Weights.Of(network).ToDictionary(w => w.Name, w => w.Weight);
        var all = trained.Tensors.Select(tensor => (
            tensor.Name,
            Differences: ours.TryGetValue(tensor.Name, out var weight)
                ? Differences.Each(weight, ReferenceFolder.Read(trained, tensor.Name))
                : [double.NaN])).ToList();
        var nearly = all.Select(d => ($"{d.Name}, all but one in 1,000", d.Differences[d.Differences.Length / 1000]));
        var largest = all.Select(d => (d.Name, d.Differences[0]));
        return
        [
            Differences.Worst("training.parameters", Tolerance, "absolute", nearly),
            Differences.Worst("training.parameters_largest", rate, "absolute", largest),
        ];
    }

    private static List<EncodedExample> Examples(ReferenceJson features, int vocabulary) =>
    [
        .. features.Items().Select((row, i) => new EncodedExample(
            $"{i}",
            new EncodedPair(row["input_ids"].Ids(vocabulary), row["labels"].Ids(vocabulary)),
            new EncodedPair(row["expl_input_ids"].Ids(vocabulary), row["aux_labels"].Ids(vocabulary)))),
    ];

    private static Dictionary<string, float[]> Weights(T5Network network) =>
        T5Weights.Of(network).ToDictionary(w => w.Name, w => w.Weight.data<float>().ToArray());

    private static float[] Change(float[] before, float[] after) => [.. after.Zip(before, (a, b) => a - b)];

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(value => (double)value * value));
}
