using static TorchSharp.torch;

namespace StepDistill.Training.Objectives;

/// <summary>The two-task loss of Distilling Step-by-Step: predict the label, and explain it.</summary>
/// <remarks>
/// Hsieh et al. 2023, https://arxiv.org/abs/2305.02301, section 3.2: L = L_label + λ·L_rationale. Their program
/// (<c>google-research/distilling-step-by-step</c>, <c>model_utils.py</c>) trains α·L_label + (1 − α)·L_rationale
/// instead. Each term is the mean over its own task's target tokens: a rationale is longer than a label, so averaging
/// per task is what keeps the weights meaningful.
/// </remarks>
public sealed record StepByStepLoss
{
    private StepByStepLoss(double labelWeight, double rationaleWeight)
    {
        LabelWeight = labelWeight;
        RationaleWeight = rationaleWeight;
    }

    /// <summary>Weight of the label task: α in the program, 1 in the paper.</summary>
    public double LabelWeight { get; }

    /// <summary>Weight of the rationale task: 1 − α in the program, λ in the paper.</summary>
    public double RationaleWeight { get; }

    /// <summary>One task alone, as fine-tuning and distillation train it.</summary>
    public static StepByStepLoss LabelOnly { get; } = new(1, 0);

    /// <summary>The program's form, α·L_label + (1 − α)·L_rationale.</summary>
    /// <param name="alpha">α, from 0 (rationales only) to 1 (labels only).</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="alpha"/> is not between 0 and 1.</exception>
    public static StepByStepLoss Program(double alpha = 0.5) => alpha is >= 0 and <= 1
        ? new(alpha, 1 - alpha)
        : throw new ArgumentOutOfRangeException(
            nameof(alpha), alpha, "The label task's share of the loss must be from 0 (rationales only) to 1 (labels only).");

    /// <summary>The paper's form, L_label + λ·L_rationale.</summary>
    /// <param name="lambda">λ, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="lambda"/> is negative or not a number.</exception>
    public static StepByStepLoss Paper(double lambda) => lambda >= 0
        ? new(1, lambda)
        : throw new ArgumentOutOfRangeException(nameof(lambda), lambda, "The rationale task's weight must be at least 0.");

    /// <summary>Joins the two tasks' losses.</summary>
    /// <param name="label">A scalar, nats per label token.</param>
    /// <param name="rationale">A scalar, nats per rationale token; null where the batch has no rationale.</param>
    /// <returns>A scalar.</returns>
    public Tensor Combine(Tensor label, Tensor? rationale) => rationale is null
        ? LabelWeight * label
        : (LabelWeight * label) + (RationaleWeight * rationale);

    /// <summary>One task's loss over its real target tokens.</summary>
    /// <param name="logits">[T, V] float32: the student's scores for each target token of the batch, padding left out.</param>
    /// <param name="targets">[T] int64: the tokens that should follow.</param>
    /// <returns>A scalar: the mean cross-entropy, in nats per token.</returns>
    /// <exception cref="ArgumentException">Logits and targets disagree on T.</exception>
    public static Tensor CrossEntropy(Tensor logits, Tensor targets)
    {
        if (logits.dim() != 2 || targets.dim() != 1 || logits.size(0) != targets.size(0))
        {
            throw new ArgumentException(
                $"Logits of shape [{string.Join(", ", logits.shape)}] cannot score targets of shape "
                + $"[{string.Join(", ", targets.shape)}]; expected [tokens, vocabulary] and [tokens].",
                nameof(targets));
        }

        return nn.functional.cross_entropy(logits, targets);
    }
}
