using Microsoft.Data.Sqlite;

namespace StepDistill.Annotations;

/// <summary>Says what SQLite's error codes mean for the person who owns the annotations.</summary>
internal static class StoreFault
{
    // https://www.sqlite.org/rescode.html
    private const int Busy = 5, ReadOnly = 8, InputOutput = 10, Corrupt = 11, Full = 13, CannotOpen = 14, NotADatabase = 26;

    /// <param name="fault">What SQLite said.</param>
    /// <param name="path">The store's file.</param>
    /// <param name="safe">What is safe and what is not, in full sentences.</param>
    public static StepDistillException Explain(SqliteException fault, string path, string safe) => fault.SqliteErrorCode switch
    {
        Corrupt => Damaged(path, safe, fault),
        Full => new($"The disk that holds the annotation store {path} is full. {safe} Free some space, then run the same "
            + "command again: it goes on where it stopped.", fault),
        NotADatabase => new($"The file {path} is no annotation store: it is not a SQLite database, or its head is damaged. "
            + $"{safe} Name a file that does not exist yet, or an annotation store.", fault),
        Busy => new($"The annotation store {path} has been locked by another process for two minutes. {safe} Wait for that "
            + "process or end it, then run the same command again.", fault),
        ReadOnly or CannotOpen => new($"The annotation store {path} cannot be written ({fault.Message}). {safe} Check that "
            + "its folder exists and that you may write there.", fault),
        InputOutput => new($"The disk that holds the annotation store {path} reports an error ({fault.Message}). {safe} "
            + "Check the disk, then run the same command again.", fault),
        _ => new($"The annotation store {path} cannot be used ({fault.Message}). {safe}", fault),
    };

    public static StepDistillException Damaged(string path, string safe, Exception fault) => new(
        $"The annotation store {path} is damaged ({fault.Message}). {safe} Keep the file and its -wal beside it, then restore "
        + "a copy, or save what can still be read with the command .recover of SQLite's own program.", fault);
}
