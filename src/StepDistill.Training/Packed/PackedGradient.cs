using StepDistill.Batches;
using StepDistill.Training.Kernels;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using static TorchSharp.torch;

namespace StepDistill.Training.Packed;

/// <summary>The fast way on processors: packed tokens, our own kernels and backward pass.</summary>
/// <param name="network">The student.</param>
internal sealed class PackedGradient(T5Network network) : IGradient
{
    private readonly CpuKernels _kernels = CpuKernels.Of(network.Memory.Values.dtype);
    private readonly Workspace _workspace = new(network.Memory.Values.dtype);

    /// <summary>Whether a network can be trained this way.</summary>
    public static bool Fits(T5Network network) => network.Device.type == TorchSharp.DeviceType.CPU;

    /// <inheritdoc/>
    public TaskLosses Add(IReadOnlyList<EncodedExample> examples, LossShares shares, ulong chance, bool again)
    {
        using var scope = NewDisposeScope();
        Cores.Use(get_num_threads());
        var batch = PackedBatch.Of(examples, network.Config, shares);
        using var tape = new Tape(_kernels, _workspace, recording: true, network.training ? network.Config.DropoutRate : 0, chance << 32);
        var hidden = network.forward(tape, batch, again);
        var losses = HeadLoss.Run(_kernels, _workspace, hidden, network.Head, network.HeadScale, batch, shares);
        tape.Backward();
        _workspace.Sweep();

        var sums = default(TaskLosses);
        for (var i = 0; i < batch.IsRationale.Length; i++)
        {
            sums = batch.IsRationale[i]
                ? sums with { RationaleSum = sums.RationaleSum + losses[i], RationaleTokens = sums.RationaleTokens + 1 }
                : sums with { LabelSum = sums.LabelSum + losses[i], LabelTokens = sums.LabelTokens + 1 };
        }

        return sums;
    }

    /// <inheritdoc/>
    public void Dispose() => _workspace.Dispose();
}
