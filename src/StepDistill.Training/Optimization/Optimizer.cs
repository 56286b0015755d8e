using StepDistill.Training.Kernels;
using StepDistill.Training.Models;
using static TorchSharp.torch;

namespace StepDistill.Training.Optimization;

/// <summary>Updates a network's weights from their gradients, over one stretch of memory.</summary>
/// <remarks>Frozen weights take no part and cost no memory. After a step all gradients are zero.</remarks>
public abstract class Optimizer : IDisposable
{
    private readonly WeightMemory _memory;

    private protected Optimizer(WeightMemory memory)
    {
        _memory = memory;
        _memory.EnableGradients();
        Ranges = [.. RangesOf(memory)];
        Length = Ranges.Count == 0 ? 0 : Ranges[^1].State + Ranges[^1].Length;
    }

    /// <summary>Updates done so far; bias corrections depend on it.</summary>
    public int Steps { get; internal set; }

    /// <summary>What it remembers from step to step, by weight: checkpoints keep it.</summary>
    internal abstract IReadOnlyList<OptimizerState> State { get; }

    /// <summary>Stretches of weights that learn, and where their state begins.</summary>
    private protected IReadOnlyList<(long Weight, long Length, long State)> Ranges { get; }

    /// <summary>How many numbers learn.</summary>
    private protected long Length { get; }

    private protected WeightMemory Memory => _memory;

    /// <summary>The Euclidean norm of the whole gradient.</summary>
    public double GradientNorm()
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        return Memory.Gradients!.device_type == TorchSharp.DeviceType.CPU
            ? Math.Sqrt(Optimization.GradientNorm.SumOfSquares(Memory.Gradients))
            : Memory.Gradients.to_type(ScalarType.Float32).norm().item<float>();
    }

    /// <summary>Updates every weight that learns and sets all gradients to zero.</summary>
    /// <param name="learningRate">The step size.</param>
    /// <param name="gradientScale">What gradients are multiplied by; see <see cref="Optimization.GradientNorm.Scale"/>.</param>
    public void Step(double learningRate, double gradientScale = 1)
    {
        using var frozen = no_grad();
        Steps++;
        Update(learningRate, gradientScale);
    }

    /// <summary>Sets all gradients to zero without an update.</summary>
    public void Forget()
    {
        using var frozen = no_grad();
        Memory.Gradients!.zero_();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var state in State)
        {
            state.Values.Dispose();
        }

        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back the memory that <see cref="State"/> are views of.</summary>
    private protected abstract void Release();

    private protected abstract void Update(double learningRate, double gradientScale);

    /// <summary>Runs an action over all weights that learn, in pieces on all cores.</summary>
    /// <param name="run">Gets the first weight, the first number of its state, and how many there are.</param>
    private protected void ForEachPiece(Action<long, long, int> run)
    {
        foreach (var (weight, length, state) in Ranges)
        {
            Cores.ForEachRange(length, 1, (start, count, _) => run(weight + start, state + start, (int)count));
        }
    }

    private static IEnumerable<(long Weight, long Length, long State)> RangesOf(WeightMemory memory)
    {
        long state = 0;
        (long Start, long Length)? open = null;
        foreach (var placed in memory.Weights.Where(placed => placed.Weight.requires_grad))
        {
            if (open is { } range && range.Start + range.Length == placed.Start)
            {
                open = (range.Start, range.Length + placed.Length);
                continue;
            }

            if (open is { } done)
            {
                yield return (done.Start, done.Length, state);
                state += done.Length;
            }

            open = (placed.Start, placed.Length);
        }

        if (open is { } last)
        {
            yield return (last.Start, last.Length, state);
        }
    }
}

/// <summary>Numbers that an optimizer keeps for one weight.</summary>
/// <param name="Weight">The weight.</param>
/// <param name="Name">What they are, such as <c>first_moment</c>.</param>
/// <param name="Values">float32, a view of the optimizer's memory.</param>
internal sealed record OptimizerState(TorchSharp.Modules.Parameter Weight, string Name, Tensor Values);
