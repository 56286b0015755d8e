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

    private static readonly (string Name, Func<AnnotationLine, string?> Value)[] Texts =
    [
        ("id", line => line.Id),
        ("key", line => line.Key),
        ("status", line => line.Status),
        ("teacher_label", line => line.TeacherLabel),
        ("rationale", line => line.Rationale),
        ("fault", line => line.Fault),
        ("teacher.model", line => line.Teacher.Model),
        ("teacher.completion", line => line.Teacher.Completion),
        ("at", line => line.At),
    ];

    /// <summary>Writes to a stream that can be read and sought, which stays open.</summary>
    /// <param name="store">Whose annotations.</param>
    /// <param name="stream">Where to write.</param>
    /// <param name="cancellation">Stops the writing.</param>
    /// <returns>The number of rows.</returns>
    public static async Task<long> WriteAsync(IAnnotationStore store, Stream stream, CancellationToken cancellation)
    {
        var columns = new Columns();
        var schema = new ParquetSchema([.. columns.Texts, .. columns.Numbers]);
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
                await WriteGroupAsync(writer, columns, group, cancellation).ConfigureAwait(false);
                (characters, group) = (0, []);
            }
        }

        if (group.Count > 0)
        {
            await WriteGroupAsync(writer, columns, group, cancellation).ConfigureAwait(false);
        }

        return rows;
    }

    private static async Task WriteGroupAsync(ParquetWriter writer, Columns columns, List<AnnotationLine> lines, CancellationToken cancellation)
    {
        using var group = writer.CreateRowGroup();
        foreach (var (field, (_, value)) in columns.Texts.Zip(Texts))
        {
            await group.WriteAsync(field, lines.ConvertAll(line => value(line)!)).ConfigureAwait(false);
        }

        await group.WriteAsync<int>(columns.Sample, Values(lines, line => line.Sample), cancellationToken: cancellation).ConfigureAwait(false);
        await group.WriteAsync<long>(columns.InputTokens, Values(lines, line => line.InputTokens), cancellationToken: cancellation).ConfigureAwait(false);
        await group.WriteAsync<long>(columns.OutputTokens, Values(lines, line => line.OutputTokens), cancellationToken: cancellation).ConfigureAwait(false);
        await group.WriteAsync<double>(columns.Latency, Values(lines, line => line.LatencyMs), cancellationToken: cancellation).ConfigureAwait(false);
        await group.WriteAsync<decimal>(columns.Price, Values(lines, line => line.Price), cancellationToken: cancellation).ConfigureAwait(false);
        group.CompleteValidate();
    }

    private static ReadOnlyMemory<T> Values<T>(List<AnnotationLine> lines, Func<AnnotationLine, T> value) =>
        lines.ConvertAll(line => value(line)).ToArray();

    /// <summary>The columns of one file. A schema writes into its fields, so two files must not share them.</summary>
    private sealed class Columns
    {
        public IReadOnlyList<DataField> Texts { get; } = [.. AnnotationParquet.Texts.Select(column => new DataField<string>(column.Name))];

        public DataField Sample { get; } = new DataField<int>("sample");

        public DataField InputTokens { get; } = new DataField<long?>("input_tokens");

        public DataField OutputTokens { get; } = new DataField<long?>("output_tokens");

        public DataField Latency { get; } = new DataField<double>("latency_ms");

        public DataField Price { get; } = new DecimalDataField("price", DecimalDigits, Annotation.PriceDecimals, isNullable: true);

        public IReadOnlyList<DataField> Numbers => [Sample, InputTokens, OutputTokens, Latency, Price];
    }
}
