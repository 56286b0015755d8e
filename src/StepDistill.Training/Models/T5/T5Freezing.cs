namespace StepDistill.Training.Models.T5;

/// <summary>Keeps parts of a network as they are while the rest learns.</summary>
internal static class T5Freezing
{
    /// <summary>Freezes parts of a network: they get no gradients and no optimizer's moments, and cost no memory for them.</summary>
    /// <param name="network">The network, before its first step.</param>
    /// <param name="parts">
    /// <c>embeddings</c>: the tables over the vocabulary, at the input and, where it is another one, at the output;
    /// <c>encoder</c> and <c>decoder</c>: a stack with its positions and norms.
    /// </param>
    /// <exception cref="StepDistillException">Nothing would learn.</exception>
    public static void Apply(T5Network network, IReadOnlyList<string> parts)
    {
        var learning = 0;
        foreach (var (name, weight) in network.named_parameters())
        {
            var part = name.StartsWith("encoder", StringComparison.Ordinal) ? "encoder"
                : name.StartsWith("decoder", StringComparison.Ordinal) ? "decoder"
                : "embeddings";
            weight.requires_grad = !parts.Contains(part);
            learning += weight.requires_grad ? 1 : 0;
        }

        if (learning == 0)
        {
            throw new StepDistillException(
                $"training.freeze is {string.Join(", ", parts)}: nothing of the student is left to learn. Leave out one of them.");
        }
    }
}
