using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace StepDistill.Annotations;

/// <summary>Writes annotations as Parquet, with the names and texts of <see cref="AnnotationLine"/>, one row group at a time.</summary>
/// <remarks>
/// The columns are flat, <c>teacher.model</c> and <c>teacher.completion</c> too, and the time is text in ISO 8601: so the
/// file can be imported, and be named as <c>teacher.answers</c>, as one of JSON lines can. The price is an exact decimal.
/// </remarks>
internal static class AnnotationParquet
{
    /// <summary>The most rows in a row group: readers skip by groups, and groups of a few thousand rows compress well.</summary>
    private const int GroupRows = 10_000;

    /// <summary>The most characters of text in a row group, which stands in memory as a whole: 32 million, or 64 MB.</summary>
    private const long GroupCharacters = 32 << 20;

    /// <summary>Digits that a .NET decimal always has.</summary>
    private const int DecimalDigits = 28;

    private static readonly (DataField Field, Func<AnnotationLine, string?> Value)[] Texts =
    [
        (new DataField<string>("id"), line => line.Id),
        (new DataField<string>("key"), line => line.Key),
        (new DataField<string>("status"), line => line.Status),
        (new DataField<string>("teacher_label"), line => line.TeacherLabel),
        (new DataField<string>("rationale"), line => line.Rationale),
        (new DataField<string>("fault"), line => line.Fault),
        (new DataField<string>("teacher.model"), line => line.Teacher.Model),
        (new DataField<string>("teacher.completion"), line => line.Teacher.Completion),
        (new DataField<string>("at"), line => line.At),
    ];

    private static readonly DataField Sample = new DataField<int>("sample");
    private static readonly DataField InputTokens = new DataField<long?>("input_tokens");
    private static readonly DataField OutputTokens = new DataField<long?>("output_tokens");
    private static readonly DataField Latency = new DataField<double>("latency_ms");
    private static readonly DataField Price = new DecimalDataField("price", DecimalDigits, Annotation.PriceDecimals, isNullable: true);

    /// <summary>Writes to a stream that can be read and sought, which stays open.</summary>
    /// <param name="store">Whose annotations.</param>
    /// <param name="stream">Where to write.</param>
    /// <param name="cancellation">Stops the writing.</param>
    /// <returns>The number of rows.</returns>
    public static async Task<long> WriteAsync(IAnnotationStore store, Stream stream, CancellationToken cancellation)
    {
        var schema = new ParquetSchema([.. Texts.Select(column => column.Field), Sample, InputTokens, OutputTokens, Latency, Price]);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream, cancellationToken: cancellation).ConfigureAwait(false);
        writer.CustomMetadata = new Dictionary<string, string>
        {
            ["stepdistill.layout"] = SqliteAnnotationStore.SchemaVersion.ToString(CultureInfo.InvariantCulture),
        };
        var (rows, characters, group) = (0L, 0L, new List<AnnotationLine>());
        await foreach (var annotation in store.ReadAsync(cancellation).ConfigureAwait(false))
        {
            group.Add(new AnnotationLine(annotation));
            rows++;
            characters += annotation.Reply.Length + (annotation.Rationale?.Length ?? 0);
            if (group.Count >= GroupRows || characters >= GroupCharacters)
            {
                await WriteGroupAsync(writer, group, cancellation).ConfigureAwait(false);
                (characters, group) = (0, []);
            }
        }

        if (group.Count > 0)
        {
            await WriteGroupAsync(writer, group, cancellation).ConfigureAwait(false);
        }

        return rows;
    }

    private static async Task WriteGroupAsync(ParquetWriter writer, List<AnnotationLine> lines, CancellationToken cancellation)
    {
        using var group = writer.CreateRowGroup();
        foreach (var (field, value) in Texts)
        {
            await group.WriteAsync(field, lines.ConvertAll(line => value(line)!)).ConfigureAwait(false);
        }

        await group.WriteAsync<int>(field: Sample, Values(lines, line => line.Sample), cancellationToken: cancellation).ConfigureAwait(false);
        await group.WriteAsync<long>(InputTokens, Values(lines, line => line.InputTokens), cancellationToken: cancellation).ConfigureAwait(false);
        await group.WriteAsync<long>(OutputTokens, Values(lines, line => line.OutputTokens), cancellationToken: cancellation).ConfigureAwait(false);
        await group.WriteAsync<double>(Latency, Values(lines, line => line.LatencyMs), cancellationToken: cancellation).ConfigureAwait(false);
        await group.WriteAsync<decimal>(Price, Values(lines, line => line.Price), cancellationToken: cancellation).ConfigureAwait(false);
        group.CompleteValidate();
    }

    private static ReadOnlyMemory<T> Values<T>(List<AnnotationLine> lines, Func<AnnotationLine, T> value) =>
        lines.ConvertAll(line => value(line)).ToArray();
}
