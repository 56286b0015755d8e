namespace StepDistill.Tasks;

/// <summary>One row as a file holds it.</summary>
/// <param name="Number">The line in a text file, or the row in a Parquet file; from 1.</param>
/// <param name="Columns">
/// Values by column, without regard to case; a column that is there without a value holds null.
/// </param>
internal sealed record DataRow(long Number, IReadOnlyDictionary<string, string?> Columns);
