namespace StepDistill.Hub;

/// <summary>The hub could not be reached at all, so that what is in the cache may stand in.</summary>
/// <param name="message">What was tried and what to do.</param>
/// <param name="inner">What the network said.</param>
internal sealed class HubUnreachableException(string message, Exception inner) : StepDistillException(message, inner);
