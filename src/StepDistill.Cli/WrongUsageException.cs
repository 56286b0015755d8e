namespace StepDistill.Cli;

/// <summary>The words after a verb make no sense together; ends with <see cref="ExitCode.WrongUsage"/>.</summary>
/// <param name="message">What was found, what was expected, and what to do.</param>
internal sealed class WrongUsageException(string message) : Exception(message);
