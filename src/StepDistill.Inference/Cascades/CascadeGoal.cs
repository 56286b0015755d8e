namespace StepDistill.Inference.Cascades;

/// <summary>What a cascade promises.</summary>
public enum CascadeGoal
{
    /// <summary>The share of all rows that are answered right, by whoever answers. Needs the large model's answers.</summary>
    Accuracy,

    /// <summary>The share of right answers among the rows that the student answers. Needs nothing of the large model.</summary>
    AccuracyAmongAnswered,

    /// <summary>The share of rows that go to the large model.</summary>
    LargeShare,
}
