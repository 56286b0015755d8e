using System.Globalization;
using Microsoft.Data.Sqlite;

namespace StepDistill.Annotations;

/// <summary>One row of the store's table, and the statements that write and read it.</summary>
internal static class AttemptRow
{
    /// <summary>Columns that <see cref="Read"/> reads; a statement may select more after them.</summary>
    public const int Columns = 14;

    private const string Names = "key, example_id, teacher, status, reply, label, rationale, fault, sample, "
        + "input_tokens, output_tokens, latency, at, price";

    private const string NewestNames = "newest.key, newest.example_id, newest.teacher, newest.status, newest.reply, "
        + "newest.label, newest.rationale, newest.fault, newest.sample, newest.input_tokens, newest.output_tokens, "
        + "newest.latency, newest.at, newest.price";

    /// <summary>The newest attempt of each key in the JSON list <c>$keys</c>.</summary>
    public const string SelectByKeys = $"""
        SELECT {NewestNames} FROM (SELECT DISTINCT unhex(value) AS key FROM json_each($keys)) AS asked
        CROSS JOIN attempts AS newest ON newest.key = asked.key
            AND newest.attempt = (SELECT MAX(attempt) FROM attempts WHERE key = asked.key)
        """;

    /// <summary>
    /// The newest attempt of <c>$rows</c> keys first stored after row <c>$after</c>, as they stood at row <c>$last</c>; a
    /// last column tells the row in which the key was first stored.
    /// </summary>
    public const string SelectPage = $"""
        SELECT {NewestNames}, first.number FROM attempts AS first
        CROSS JOIN attempts AS newest ON newest.key = first.key
            AND newest.attempt = (SELECT MAX(attempt) FROM attempts WHERE key = first.key AND number <= $last)
        WHERE first.number > $after AND first.number <= $last AND first.attempt = 0
        ORDER BY first.number LIMIT $rows
        """;

    private static readonly string[] Parameters =
        [.. Names.Split(", ").Select(name => '$' + name)];

    /// <summary>Adds an attempt, unless the key already has an answer with status Ok.</summary>
    public static SqliteCommand Insert(SqliteConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText = $"""
            INSERT INTO attempts (attempt, {Names})
            SELECT COALESCE((SELECT MAX(attempt) + 1 FROM attempts WHERE key = $key), 0), {string.Join(", ", Parameters)}
            WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE key = $key AND status = 'ok')
            """;
        foreach (var parameter in Parameters)
        {
            command.Parameters.Add(new SqliteParameter(parameter, null));
        }

        return command;
    }

    /// <summary>Refuses an annotation that says it is readable and holds no label, or the other way round, a key that is no hash, and a price that is none.</summary>
    public static void Check(Annotation annotation)
    {
        if (annotation.Key.Length != 64 || !annotation.Key.All(char.IsAsciiHexDigitLower))
        {
            throw new ArgumentException(
                $"The annotation of example '{annotation.ExampleId}' has the key '{annotation.Key}'; it must be 64 hexadecimal "
                + "digits in lower case.", nameof(annotation));
        }

        if (annotation.Price is { } price && !Annotation.IsPrice(price))
        {
            throw new ArgumentException(
                $"The annotation of example '{annotation.ExampleId}' has the price {TextOf(price)}; it must be dollars, from 0 and "
                + $"below {Annotation.PriceLimit}, with at most {Annotation.PriceDecimals} decimals.", nameof(annotation));
        }

        var labelled = !string.IsNullOrWhiteSpace(annotation.Label);
        if (labelled != (annotation.Status == AnnotationStatus.Ok) || (annotation.Label is not null && !labelled))
        {
            throw new ArgumentException(
                $"The annotation of example '{annotation.ExampleId}' has status {annotation.Status} and "
                + $"{(labelled ? "a label" : "no label")}; exactly those with status Ok carry one.", nameof(annotation));
        }
    }

    public static void Bind(SqliteCommand insert, Annotation annotation)
    {
        ReadOnlySpan<object?> values =
        [
            Convert.FromHexString(annotation.Key), annotation.ExampleId, annotation.Teacher, NameOf(annotation.Status), annotation.Reply,
            annotation.Label, annotation.Rationale, annotation.Fault, annotation.Sample, annotation.InputTokens,
            annotation.OutputTokens, Microseconds(annotation.Latency),
            Microseconds(annotation.At - DateTimeOffset.UnixEpoch), annotation.Price is { } price ? TextOf(price) : null,
        ];
        for (var column = 0; column < Columns; column++)
        {
            insert.Parameters[column].Value = values[column] ?? DBNull.Value;
        }
    }

    /// <summary>Reads a row.</summary>
    /// <exception cref="InvalidDataException">The row holds what was never written: the file is damaged.</exception>
    public static Annotation Read(SqliteDataReader row)
    {
        try
        {
            var annotation = Parse(row);
            Check(annotation);
            return annotation;
        }
        catch (Exception e) when (e is ArgumentException or InvalidCastException or OverflowException or FormatException)
        {
            throw new InvalidDataException($"a row holds {e.Message}", e);
        }
    }

    private static Annotation Parse(SqliteDataReader row) => new()
    {
        Key = Convert.ToHexStringLower(row.GetFieldValue<byte[]>(0)),
        ExampleId = row.GetString(1),
        Teacher = row.GetString(2),
        Status = StatusOf(row.GetString(3)) ?? throw new FormatException($"the status '{row.GetString(3)}'"),
        Reply = row.GetString(4),
        Label = Text(row, 5),
        Rationale = Text(row, 6),
        Fault = Text(row, 7),
        Sample = row.GetInt32(8),
        InputTokens = Number(row, 9),
        OutputTokens = Number(row, 10),
        Latency = TimeSpan.FromMicroseconds(row.GetInt64(11)),
        At = DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(row.GetInt64(12)),
        Price = Text(row, 13) is { } price ? decimal.Parse(price, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : null,
    };

    /// <summary>What a status is called in files.</summary>
    public static string NameOf(AnnotationStatus status) => status switch
    {
        AnnotationStatus.Ok => "ok",
        AnnotationStatus.Unreadable => "unreadable",
        AnnotationStatus.Refused => "refused",
        AnnotationStatus.Truncated => "truncated",
        AnnotationStatus.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "is no status"),
    };

    /// <summary>The status of a name; null where there is none.</summary>
    public static AnnotationStatus? StatusOf(string name) =>
        Enum.GetValues<AnnotationStatus>().Cast<AnnotationStatus?>().FirstOrDefault(status => NameOf(status!.Value) == name);

    /// <summary>Dollars as text: every decimal that counts, none that does not.</summary>
    private static string TextOf(decimal dollars) => dollars.ToString("0.############################", CultureInfo.InvariantCulture);

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Number(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
}
