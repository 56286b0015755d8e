namespace StepDistill.Inference.Cascades;

/// <summary>What would have happened on the rows with one threshold.</summary>
/// <param name="Threshold">The least confidence with which the student answers; <see cref="CascadeRule.Never"/> where it never does.</param>
/// <param name="Rows">Rows in all.</param>
/// <param name="Answered">Rows that the student answers.</param>
/// <param name="AnsweredRight">Of those, right ones.</param>
/// <param name="Right">Rows answered right, by whoever answers; null where the large model's answers are not known.</param>
public readonly record struct CascadePoint(double Threshold, int Rows, int Answered, int AnsweredRight, int? Right)
{
    /// <summary>The share that the student answers, from 0 to 1.</summary>
    public double AnsweredShare => (double)Answered / Rows;

    /// <summary>The share that goes to the large model, from 0 to 1.</summary>
    public double LargeShare => 1 - AnsweredShare;

    /// <summary>The cascade's accuracy, from 0 to 1; null where the large model's answers are not known.</summary>
    public double? Accuracy => (double?)Right / Rows;

    /// <summary>The student's accuracy on what it answers, from 0 to 1; null where it answers nothing.</summary>
    public double? AccuracyAmongAnswered => Answered == 0 ? null : (double)AnsweredRight / Answered;
}
