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

    /// <summary>
    /// β of a third term that draws what the student would write as a rationale towards its label: the cross-entropy
    /// between the two tasks' scores, each the highest over its tokens; the label's are taken as given. 0 for none.
    /// </summary>
    /// <remarks>
    /// Chen et al. 2024, https://arxiv.org/abs/2403.03348, who use 0.1. The label's highest probabilities are scaled to
    /// sum 1; the rationale's stand as they are, so the term's gradient reaches the token that comes nearest to each word.
    /// </remarks>
    public double MutualInformation { get; init; }

    /// <summary>Share of each target's probability that is spread over the vocabulary; 0 for none.</summary>
    /// <remarks>Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7.</remarks>
    public double LabelSmoothing { get; init; }

    /// <summary>Joins the two tasks' losses.</summary>
    /// <param name="label">Nats per label token.</param>
    /// <param name="rationale">Nats per rationale token; null where the batch has no rationale.</param>
    public double Join(double label, double? rationale) => (LabelWeight * label) + (RationaleWeight * (rationale ?? 0));
}
