using StepDistill.Training.Kernels;
using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Optimization;

public sealed class AdafactorTests
{
    // Vectors and matrices around the vector width and the length of a piece.
    private static readonly long[][] Shapes = [[3], [16, 5], [70_001], [700, 300], [1, 70_000], [70_000, 1], [33, 17]];

    [Theory]
    [InlineData(ScalarType.Float32, 0, 1)]
    [InlineData(ScalarType.Float32, 0.1, 0.3)]
    [InlineData(ScalarType.BFloat16, 0, 1)]
    [InlineData(ScalarType.BFloat16, 0.1, 0.3)]
    public void It_equals_the_plain_formulas(ScalarType type, double weightDecay, double scale)
    {
        using var _ = NewDisposeScope();
        using var weights = new FlatWeights(type, Shapes);
        var plain = weights.Numbers().Select(numbers => new Plain(numbers, weightDecay)).ToArray();
        using var optimizer = new Adafactor(weights.Memory, weightDecay);

        for (var step = 1; step <= 10; step++)
        {
            // Steps of very different gradients, the last of which is clipped.
            weights.SetGradients(step, scale: step == 10 ? 100 : 0.01f * step);
            foreach (var (weight, gradient) in plain.Zip(weights.Gradients()))
            {
                weight.Step(gradient * scale, 0.01, step);
            }

            optimizer.Step(0.01, scale);
        }

        // Seen over these steps: 1.6e-6, some roundings of weights up to 4; a wrong term shows as 1e-3 or more.
        Assert.All(weights.Numbers().Zip(plain), pair => Assert.InRange(
            (pair.First.to_type(ScalarType.Float64) - pair.Second.Numbers).abs().max().item<double>(), 0, 5e-6));
        Assert.All(weights.Gradients(), gradient => Assert.Equal(0, gradient.abs().sum().item<float>()));
    }

    [Fact]
    public void The_library_s_operations_give_the_same()
    {
        // Devices that are not processors take them; here they run on one.
        using var _ = NewDisposeScope();
        using var ours = new FlatWeights(ScalarType.Float32, Shapes);
        using var theirs = new FlatWeights(ScalarType.Float32, Shapes);
        using var one = new Adafactor(ours.Memory, 0.1);
        using var other = new Adafactor(theirs.Memory, 0.1) { ByLibrary = true };

        for (var step = 1; step <= 5; step++)
        {
            ours.SetGradients(step);
            theirs.SetGradients(step);
            one.Step(0.01, 0.5);
            other.Step(0.01, 0.5);
        }

        Assert.All(ours.Numbers().Zip(theirs.Numbers()), pair => Assert.InRange((pair.First - pair.Second).abs().max().item<float>(), 0, 5e-6));
        Assert.All(theirs.Gradients(), gradient => Assert.Equal(0, gradient.abs().sum().item<float>()));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void The_number_of_cores_changes_no_bit(ScalarType type)
    {
        using var _ = NewDisposeScope();
        var results = new List<float[][]>();
        foreach (var cores in new[] { 1, 2, 5 })
        {
            Cores.Use(cores);
            using var weights = new FlatWeights(type, Shapes);
            using var optimizer = new Adafactor(weights.Memory);
            for (var step = 1; step <= 3; step++)
            {
                weights.SetGradients(step);
                optimizer.Step(0.01);
            }

            results.Add([.. weights.Numbers().Select(numbers => numbers.data<float>().ToArray())]);
        }

        Cores.Use(get_num_threads());
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Fact]
    public void A_matrix_keeps_its_rows_and_columns_and_a_vector_itself()
    {
        using var weights = new FlatWeights(ScalarType.Float32, [7, 5], [11], [6, 4]);
        weights.Memory.Weights[2].Weight.requires_grad = false;
        using var optimizer = new Adafactor(weights.Memory);

        Assert.Equal(
            [("second_moment_rows", 7), ("second_moment_columns", 5), ("second_moment", 11)],
            optimizer.State.Select(state => (state.Name, state.Values.numel())));
    }

    [Fact]
    public void A_gradient_of_zero_changes_nothing_and_leaves_numbers()
    {
        using var _ = NewDisposeScope();
        using var weights = new FlatWeights(ScalarType.Float32, [7, 5], [11]);
        var before = weights.Numbers();
        using var optimizer = new Adafactor(weights.Memory);
        optimizer.Step(0.01);
        optimizer.Step(0.01);

        Assert.All(weights.Numbers().Zip(before), pair => Assert.Equal(pair.Second.data<float>().ToArray(), pair.First.data<float>().ToArray()));
    }

    /// <summary>The paper's formulas one after the other, in double precision.</summary>
    private sealed class Plain(Tensor start, double weightDecay)
    {
        private Tensor? _rows;
        private Tensor? _columns;
        private Tensor? _all;

        public Tensor Numbers { get; private set; } = start.to_type(ScalarType.Float64);

        public void Step(Tensor gradient, double rate, int step)
        {
            var g = gradient.to_type(ScalarType.Float64);
            var decay = 1 - Math.Pow(step, -0.8);
            var squares = g.square() + 1e-30;
            Tensor update;
            if (g.dim() == 2)
            {
                _rows = Mean(_rows, squares.mean([1], keepdim: true), decay);
                _columns = Mean(_columns, squares.mean([0], keepdim: true), decay);
                update = g / (_rows * _columns / _rows.mean()).sqrt();
            }
            else
            {
                _all = Mean(_all, squares, decay);
                update = g / _all.sqrt();
            }

            var size = update.square().mean().sqrt().item<double>();
            Numbers = (Numbers * (1 - (rate * weightDecay))) - (update / Math.Max(1, size) * rate);
        }

        private static Tensor Mean(Tensor? before, Tensor now, double decay) =>
            before is null ? now * (1 - decay) : (before * decay) + (now * (1 - decay));
    }
}
