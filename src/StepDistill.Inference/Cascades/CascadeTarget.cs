namespace StepDistill.Inference.Cascades;

/// <summary>What a cascade shall promise, and how surely.</summary>
/// <param name="Goal">What is promised.</param>
/// <param name="Value">The share promised, above 0 and below 1: at least this accuracy, or at most this share sent to the large model.</param>
/// <remarks>Name it before looking at the rows: a target chosen because the rows meet it is no promise.</remarks>
public sealed record CascadeTarget(CascadeGoal Goal, double Value)
{
    /// <summary>How often the promise may fail, over draws of the rows that it is made from. Default: 0.05. Above 0, below 1.</summary>
    public double Delta { get; init; } = 0.05;

    /// <summary>
    /// On how many new rows the promise will be checked; it then holds for what is counted on them, and is harder to make the
    /// fewer they are. For <see cref="CascadeGoal.AccuracyAmongAnswered"/> they are the next rows that the student answers.
    /// Null: the promise is about the long run.
    /// </summary>
    public int? FutureRows { get; init; }

    /// <summary>Inputs less familiar than this go to the large model however sure the student is. Default: 0, none. From 0 to 1.</summary>
    public double FamiliarityFloor { get; init; }

    /// <summary>At least this share of all rows is answered right.</summary>
    public static CascadeTarget Accuracy(double share) => new(CascadeGoal.Accuracy, share);

    /// <summary>At least this share of what the student answers is right.</summary>
    public static CascadeTarget AccuracyAmongAnswered(double share) => new(CascadeGoal.AccuracyAmongAnswered, share);

    /// <summary>At most this share of the rows goes to the large model.</summary>
    public static CascadeTarget LargeShare(double share) => new(CascadeGoal.LargeShare, share);

    /// <summary>At most this much is spent on the large model for 1,000 rows, all of which cost the same.</summary>
    /// <param name="dollars">US dollars for 1,000 rows, above 0 and below what sending all of them would cost.</param>
    /// <param name="dollarsPerCall">US dollars for one call of the large model.</param>
    public static CascadeTarget CostPerThousand(double dollars, double dollarsPerCall) => LargeShare(dollars / (1000 * dollarsPerCall));

    /// <exception cref="StepDistillException">A number is outside its range.</exception>
    internal void Check()
    {
        Within(Value is > 0 and < 1, Value, Goal == CascadeGoal.LargeShare ? "the largest share for the large model" : "the accuracy to promise", "above 0 and below 1");
        Within(Delta is > 0 and < 1, Delta, "delta, how often the promise may fail,", "above 0 and below 1");
        Within(FutureRows is null or (> 0 and <= 10_000_000), FutureRows ?? 0, "the number of new rows", "from 1 to 10,000,000");
        Within(FamiliarityFloor is >= 0 and <= 1, FamiliarityFloor, "the least familiarity", "from 0 to 1");
    }

    private static void Within(bool holds, double value, string what, string range)
    {
        if (!holds)
        {
            throw new StepDistillException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"For a cascade {what} is {value}; it must be {range}."));
        }
    }
}
