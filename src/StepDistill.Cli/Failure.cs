using StepDistill.Recipes;

namespace StepDistill.Cli;

/// <summary>What an exception means to the person at the keyboard: one message, and an exit code.</summary>
/// <param name="Message">What was found, and what to do.</param>
/// <param name="Code">One of <see cref="ExitCode"/>.</param>
internal sealed record Failure(string Message, int Code)
{
    /// <summary>Set to 1, this environment variable adds the stack trace to the message of a fault of ours.</summary>
    public const string TraceVariable = "STEPDISTILL_TRACE";

    private const int DiskFullOnUnix = 28;          // ENOSPC; .NET leaves errno in HResult
    private const int QuotaOnLinux = 122;           // EDQUOT
    private const int DiskFullOnWindows = 112;      // ERROR_DISK_FULL, the low half of HResult

    /// <summary>Reads an exception.</summary>
    /// <param name="exception">What a verb threw.</param>
    /// <param name="stopped">Whether the user has asked to stop.</param>
    public static Failure Of(Exception exception, bool stopped) => exception switch
    {
        AggregateException { InnerException: { } inner } => Of(inner, stopped),
        OperationCanceledException when stopped =>
            new("Stopped; what was done is kept. Run the same command again to go on.", ExitCode.Stopped),
        WrongUsageException or RecipeException => new(exception.Message, ExitCode.WrongUsage),
        StepDistillException => new(exception.Message, ExitCode.Failure),
        IOException when IsDiskFull(exception) => new(
            $"The disk is full: {exception.Message.TrimEnd('.')}. What was finished before is complete. "
            + "Free some space and run the same command again.", ExitCode.Failure),
        FileNotFoundException or DirectoryNotFoundException =>
            new($"{exception.Message} Check the path.", ExitCode.Failure),
        IOException => new($"A file could not be read or written: {exception.Message}", ExitCode.Failure),
        UnauthorizedAccessException =>
            new($"{exception.Message} Check who may read and write there.", ExitCode.Failure),
        OutOfMemoryException => new(
            "The memory is used up. Make batches.batch_size smaller, or training.gradient_accumulation larger: "
            + "for example --set training.gradient_accumulation=8.", ExitCode.Failure),
        _ => new(
            $"Unexpected {exception.GetType().Name}: {FirstLine(exception.Message)} This is a fault of StepDistill; "
            + $"run the command with {TraceVariable}=1 for the trace." + Trace(exception), ExitCode.Failure),
    };

    private static bool IsDiskFull(Exception e) =>
        e.HResult is DiskFullOnUnix or QuotaOnLinux || (e.HResult & 0xFFFF) == DiskFullOnWindows;

    private static string FirstLine(string message) => message.Split('\n')[0].Trim();

    private static string Trace(Exception exception) =>
        Environment.GetEnvironmentVariable(TraceVariable) == "1" ? $"{Environment.NewLine}{exception}" : "";
}
