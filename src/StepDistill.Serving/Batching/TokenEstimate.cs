using StepDistill.Inference;

namespace StepDistill.Serving.Batching;

/// <summary>About how many tokens an input has, from its characters: counting them exactly would read each input twice.</summary>
/// <remarks>Learns from answers how many characters a token has. Safe for use by several threads at once.</remarks>
internal sealed class TokenEstimate
{
    private const double Memory = 0.98;

    private double _charactersPerToken = 4;

    /// <summary>Estimates.</summary>
    /// <param name="input">The input.</param>
    /// <param name="most">Tokens at which the student cuts.</param>
    public int Of(string input, int most) =>
        (int)Math.Clamp(1 + (input.Length / Volatile.Read(ref _charactersPerToken)), 1, Math.Max(1, most));

    /// <summary>Learns from an answer.</summary>
    public void Learn(string input, StudentAnswer answer)
    {
        if (!answer.Cut && answer.InputTokens > 0)
        {
            var seen = Math.Clamp((double)input.Length / answer.InputTokens, 0.25, 16);
            Volatile.Write(ref _charactersPerToken, (Memory * Volatile.Read(ref _charactersPerToken)) + ((1 - Memory) * seen));
        }
    }
}
