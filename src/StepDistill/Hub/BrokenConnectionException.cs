namespace StepDistill.Hub;

/// <summary>A connection broke off or fell silent: worth another try.</summary>
/// <param name="message">What the network said.</param>
/// <param name="inner">The cause, if there is one.</param>
internal sealed class BrokenConnectionException(string message, Exception? inner = null) : Exception(message, inner);
