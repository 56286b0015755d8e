using StepDistill.Recipes;
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
    }

    /// <summary>The optimizer that a recipe asks for.</summary>
    /// <param name="training">The recipe's section <c>training</c>.</param>
    /// <param name="memory">The weights it updates.</param>
    internal static Optimizer Of(TrainingSection training, WeightMemory memory) => training.Optimizer switch
    {
        "adafactor" => new Adafactor(memory, training.WeightDecay),
        var name => new AdamW(memory, epsilonBeforeCorrection: name == "adamw-hf", training.WeightDecay),
    };

    /// <summary>Updates done so far; bias corrections depend on it.</summary>
    public int Steps { get; internal set; }

    /// <summary>What it remembers from step to step, by weight: checkpoints keep it.</summary>
    internal abstract IReadOnlyList<OptimizerState> State { get; }

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
    /// <param name="run">Gets the first number among all weights, among those that learn, and how many there are.</param>
    private protected void ForEachPiece(Action<long, long, int> run)
    {
        foreach (var (weight, length, place) in Memory.Learning)
        {
            Cores.ForEachRange(length, 1, (start, count, _) => run(weight + start, place + start, (int)count));
        }
    }
}

/// <summary>Numbers that an optimizer keeps for one weight.</summary>
/// <param name="Weight">The weight.</param>
/// <param name="Name">What they are, such as <c>first_moment</c>.</param>
/// <param name="Values">float32, a view of the optimizer's memory.</param>
internal sealed record OptimizerState(TorchSharp.Modules.Parameter Weight, string Name, Tensor Values);
