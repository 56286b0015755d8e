using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using StepDistill.Tasks;

namespace StepDistill.Annotations;

/// <summary>One line of an exported file. Times are in milliseconds and ISO 8601, prices in dollars.</summary>
internal sealed record AnnotationLine(
    string Id, string Key, string Status, string? TeacherLabel, string? Rationale, string? Fault, AnnotationLine.Reply Teacher,
    int Sample, long? InputTokens, long? OutputTokens, double LatencyMs, string At, decimal? Price)
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,     // the file is text for people, not part of a web page
    };

    public AnnotationLine(Annotation annotation)
        : this(
            annotation.ExampleId, annotation.Key, AttemptRow.NameOf(annotation.Status), annotation.Label, annotation.Rationale,
            annotation.Fault, new Reply(annotation.Teacher, annotation.Reply), annotation.Sample, annotation.InputTokens,
            annotation.OutputTokens, annotation.Latency.TotalMilliseconds,
            annotation.At.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture), annotation.Price)
    {
    }

    /// <summary>Reads a line back.</summary>
    /// <exception cref="FormatException">The line is no annotation; the message says why.</exception>
    public static Annotation Read(DataRow row)
    {
        var annotation = new Annotation
        {
            Key = Required(row, "key"),
            ExampleId = Required(row, "id"),
            Teacher = Required(row, "teacher.model"),
            Status = AttemptRow.StatusOf(Required(row, "status"))
                ?? throw new FormatException(
                    $"its status is '{Text(row, "status")}'; it must be ok, unreadable, refused, truncated or failed."),
            Reply = row.Columns.GetValueOrDefault("teacher.completion") ?? "",
            Label = Text(row, "teacher_label"),
            Rationale = Text(row, "rationale"),
            Fault = Text(row, "fault"),
            Sample = (int)(Number(row, "sample", int.MaxValue) ?? 0),
            InputTokens = Number(row, "input_tokens"),
            OutputTokens = Number(row, "output_tokens"),
            Latency = Milliseconds(row),
            Price = Dollars(row),
            At = Text(row, "at") is not { } at ? default
                : DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
                    ? time
                    : throw new FormatException($"its time 'at' is '{at}'; it must look like 2025-12-31T23:59:59Z."),
        };
        if (annotation.Key.Length != 64 || !annotation.Key.All(char.IsAsciiHexDigitLower))
        {
            throw new FormatException($"its key is '{annotation.Key}'; it must be 64 hexadecimal digits in lower case.");
        }

        return annotation.Label is not null == (annotation.Status == AnnotationStatus.Ok) ? annotation : throw new FormatException(
            $"its status is {Text(row, "status")} and it has {(annotation.Label is null ? "no" : "a")} 'teacher_label'; "
            + "exactly those with status ok have one.");
    }

    private static TimeSpan Milliseconds(DataRow row) =>
        Text(row, "latency_ms") is not { } text ? TimeSpan.Zero
        : double.TryParse(text, CultureInfo.InvariantCulture, out var value) && value is >= 0 and < 1e12 
            ? TimeSpan.FromTicks((long)Math.Round(value * TimeSpan.TicksPerMillisecond))     // FromMilliseconds cuts off
        : throw new FormatException($"its latency_ms is '{text}'; it must be a number of milliseconds.");

    private static decimal? Dollars(DataRow row) =>
        Text(row, "price") is not { } text ? null
        : decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)
            && Annotation.IsPrice(value) ? value
        : throw new FormatException(
            $"its price is '{text}'; it must be dollars, from 0 and below {Annotation.PriceLimit}, with at most {Annotation.PriceDecimals} decimals.");

    private static long? Number(DataRow row, string column, long most = long.MaxValue) =>
        Text(row, column) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= most ? value
        : throw new FormatException($"its {column} is '{text}'; it must be a whole number.");

    private static string Required(DataRow row, string column) =>
        Text(row, column) ?? throw new FormatException($"it has no '{column}'.");

    private static string? Text(DataRow row, string column) =>
        row.Columns.GetValueOrDefault(column) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    internal sealed record Reply(string Model, string Completion);
}
