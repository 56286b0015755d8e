using Microsoft.ML.OnnxRuntime;

namespace StepDistill.Inference.Sessions;

/// <summary>What the encoder made of some inputs.</summary>
/// <param name="States">[B, K, D] float32</param>
/// <param name="Mask">[B, K] int64: 1 for tokens, 0 for padding.</param>
/// <param name="Lengths">[B] tokens of each input.</param>
internal sealed record Encoded(OrtValue States, OrtValue Mask, int[] Lengths) : IDisposable
{
    public int Rows => Lengths.Length;

    public void Dispose()
    {
        States.Dispose();
        Mask.Dispose();
    }
}
