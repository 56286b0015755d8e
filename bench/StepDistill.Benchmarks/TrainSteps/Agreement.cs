namespace StepDistill.Benchmarks.TrainSteps;

/// <summary>Whether the variants compute the same: a fast wrong step is worth nothing.</summary>
/// <param name="PaperAndFloat32">Largest relative difference of the losses of the first steps, without dropout.</param>
/// <param name="Float32AtTheEnd">Mean loss of the last tenth of the long run.</param>
/// <param name="Bfloat16AtTheEnd">The same in bfloat16.</param>
/// <param name="LongSteps">Steps of the long run.</param>
internal sealed record Agreement(double PaperAndFloat32, double Float32AtTheEnd, double Bfloat16AtTheEnd, int LongSteps)
{
    private const double LossTolerance = 1e-4;
    private const double EndTolerance = 0.02;

    public static Agreement Measure(Options options)
    {
        var config = TrainStepBenchmark.Config(options.Sizes[0]) with { DropoutRate = 0 };
        var largest = 0.0;
        using (var paper = new Variant("paper", config))
        using (var ours = new Variant("float32", config))
        {
            for (var step = 0; step < 3; step++)
            {
                var batch = Workload.Batch(step, 8, config);
                var expected = paper.Step(batch);
                largest = Math.Max(largest, Math.Abs(ours.Step(batch) - expected) / expected);
            }
        }

        var dropping = TrainStepBenchmark.Config(options.Sizes[0]);
        double End(string name)
        {
            using var variant = new Variant(name, dropping);
            var losses = Enumerable.Range(0, options.LongSteps).Select(step => variant.Step(Workload.Batch(step, 8, dropping))).ToList();
            return losses.TakeLast(Math.Max(1, options.LongSteps / 10)).Average();
        }

        return new Agreement(largest, End("float32"), End("bfloat16"), options.LongSteps);
    }

    public IEnumerable<string> Faults()
    {
        if (!(PaperAndFloat32 <= LossTolerance))
        {
            yield return $"Losses of the paper's arithmetic and ours differ by {PaperAndFloat32:E1}, relative; at most {LossTolerance:E0} is expected.";
        }

        if (!(Math.Abs(Bfloat16AtTheEnd - Float32AtTheEnd) <= EndTolerance * Float32AtTheEnd))
        {
            yield return $"After {LongSteps} steps the loss is {Bfloat16AtTheEnd:F4} in bfloat16 and {Float32AtTheEnd:F4} in float32; at most {EndTolerance:P0} apart are expected.";
        }
    }
}
