using System.IO.Compression;
using System.Text.Json;
using Parquet;
using StepDistill.Annotations;
using StepDistill.Files;
using StepDistill.Teachers;

namespace StepDistill.Tests.Annotations;

public sealed class AnnotationExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("export-").FullName;
    private readonly MemoryStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_line_tells_all_there_is_to_tell()
    {
        await _store.AddAsync([Full], Stop);
        var path = Path.Combine(_folder, "a.jsonl");
        Assert.Equal(1, await AnnotationExport.WriteAsync(_store, path, Stop));
        Assert.Equal(
            $$"""
            {"id":"row \"1\" ü","key":"{{Full.Key}}","status":"ok","teacher_label":"good","rationale":"Sun.","teacher":{"model":"m","completion":"Sun.\nAnswer: good"},"sample":1,"input_tokens":40,"output_tokens":9,"latency_ms":1234.5,"at":"2026-01-02T03:04:05.0000000+00:00","price":0.000000525}

            """,
            await File.ReadAllTextAsync(path, Stop));
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.parquet")]
    public async Task An_exported_file_is_a_file_of_recorded_answers(string name)
    {
        await _store.AddAsync([Full], Stop);
        var path = Path.Combine(_folder, name);
        await AnnotationExport.WriteAsync(_store, path, Stop);
        var answers = await RecordedAnswers.ReadAsync(path, Stop);
        Assert.Equal(new("Sun.\nAnswer: good", "Sun.", "good", "m"), answers.Find(Full.ExampleId));
    }

    [Fact]
    public async Task A_name_that_ends_in_gz_is_compressed()
    {
        await _store.AddAsync([Full], Stop);
        var path = Path.Combine(_folder, "a.jsonl.gz");
        await AnnotationExport.WriteAsync(_store, path, Stop);
        await using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var json = await JsonDocument.ParseAsync(file, cancellationToken: Stop);
        Assert.Equal("good", json.RootElement.GetProperty("teacher_label").GetString());
    }

    [Fact]
    public async Task Parquet_has_columns_of_their_own_kinds_and_row_groups_of_bounded_size()
    {
        const int Rows = 23_456;
        await _store.AddAsync(
            [.. Enumerable.Range(0, Rows).Select(i => Full with { Key = ContentHash.Of($"{i}"), ExampleId = $"{i}", Price = i % 3 == 0 ? null : i * 0.000000000000000001m })], Stop);
        var path = Path.Combine(_folder, "a.parquet");
        Assert.Equal(Rows, await AnnotationExport.WriteAsync(_store, path, Stop));

        await using var reader = await ParquetReader.CreateAsync(path, cancellationToken: Stop);
        Assert.Equal([10_000, 10_000, 3_456], reader.RowGroups.Select(group => group.RowGroup.NumRows));
        var types = reader.Schema.DataFields.ToDictionary(field => field.Name, field => field.ClrType);
        Assert.Equal(
            (typeof(decimal), typeof(long), typeof(int), typeof(double), typeof(ReadOnlyMemory<char>)),
            (types["price"], types["input_tokens"], types["sample"], types["latency_ms"], types["teacher.completion"]));
    }

    [Fact]
    public async Task An_empty_store_makes_an_empty_file()
    {
        var path = Path.Combine(_folder, "a.parquet");
        Assert.Equal(0, await AnnotationExport.WriteAsync(_store, path, Stop));
        await using var reader = await ParquetReader.CreateAsync(path, cancellationToken: Stop);
        Assert.Equal(0, reader.RowGroupCount);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_named_and_nothing_is_left()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "file"), "", Stop);
        var fault = await Assert.ThrowsAsync<StepDistillException>(
            () => AnnotationExport.WriteAsync(_store, Path.Combine(_folder, "file", "a.jsonl"), Stop));
        Assert.Contains("a.jsonl", fault.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    internal static readonly Annotation Full = new()
    {
        Key = new string('a', 64),
        ExampleId = "row \"1\" ü",
        Teacher = "m",
        Status = AnnotationStatus.Ok,
        Reply = "Sun.\nAnswer: good",
        Label = "good",
        Rationale = "Sun.",
        Sample = 1,
        InputTokens = 40,
        OutputTokens = 9,
        Price = 0.000000525m,
        Latency = TimeSpan.FromMilliseconds(1234.5),
        At = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };
}
