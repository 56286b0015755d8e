namespace StepDistill.Teachers.BatchJobs;

/// <summary>A service fails for a while: later the same call may succeed.</summary>
/// <param name="message">What happened, and what to do.</param>
/// <param name="cause">What the client threw.</param>
internal sealed class ServiceAwayException(string message, Exception cause) : StepDistillException(message, cause);
