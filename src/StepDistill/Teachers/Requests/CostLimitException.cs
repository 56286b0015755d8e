namespace StepDistill.Teachers.Requests;

/// <summary>The next request could cost more than was allowed, so it was not sent.</summary>
public sealed class CostLimitException : StepDistillException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was allowed and spent, and how to go on.</param>
    public CostLimitException(string message)
        : base(message)
    {
    }
}
