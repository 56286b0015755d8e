namespace StepDistill.Inference.Cascades;

/// <summary>What happens to a call that should go to the large model when the day's calls are spent.</summary>
public enum CeilingPolicy
{
    /// <summary>Nobody answers: the reply is <see cref="StudentFirstOptions.Abstention"/>.</summary>
    Abstain,

    /// <summary>The student answers all the same, and the reply says how sure it is; where it cannot, nobody does.</summary>
    Student,
}
