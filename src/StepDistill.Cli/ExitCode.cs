namespace StepDistill.Cli;

/// <summary>What a verb tells the script that called it.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>It could not be done.</summary>
    public const int Failure = 1;

    /// <summary>The words make no sense, or the recipe cannot be used.</summary>
    public const int WrongUsage = 2;

    /// <summary>It was done, and the result is not good enough.</summary>
    public const int GateNotMet = 3;

    /// <summary>Stopped by Ctrl-C or a polite signal; what was done is kept.</summary>
    public const int Stopped = 130;
}
