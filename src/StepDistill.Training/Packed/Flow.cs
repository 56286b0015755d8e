using static TorchSharp.torch;

namespace StepDistill.Training.Packed;

/// <summary>A tensor on its way through the network, and what it contributes to the loss once that is known.</summary>
/// <param name="value">[T, width]; owned by this object from now on.</param>
/// <param name="workspace">Where it came from and goes back to.</param>
internal sealed class Flow(Tensor value, Workspace workspace) : IDisposable
{
    /// <summary>[T, width]</summary>
    public Tensor Value { get; } = value;

    /// <summary>Of the same shape; null until something downstream has contributed.</summary>
    public Tensor? Gradient { get; private set; }

    /// <summary>Takes a gradient over where there is none yet.</summary>
    /// <param name="gradient">Owned by this object from now on; may be <see cref="Value"/> itself, turned into its gradient.</param>
    public void Take(Tensor gradient)
    {
        if (Gradient is not null)
        {
            throw new InvalidOperationException("This tensor has a gradient already; add to it.");
        }

        Gradient = gradient;
    }

    /// <summary>Gives the gradient away; this object has none afterwards.</summary>
    public Tensor Release()
    {
        var gradient = Gradient ?? throw new InvalidOperationException("Nothing downstream of this tensor has a gradient.");
        Gradient = null;
        return gradient;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Gradient is not null && !ReferenceEquals(Gradient, Value))
        {
            workspace.Give(Gradient);
        }

        workspace.Give(Value);
        Gradient = null;
    }
}
