using CsCheck;
using StepDistill.Annotations;
using StepDistill.Files;

namespace StepDistill.Tests.Annotations;

public sealed class AnnotationImportTests : IDisposable
{
    private static readonly string Line = $$$"""{"id":"1","key":"{{{new string('b', 64)}}}","status":"ok","teacher_label":"good","teacher":{"model":"m","completion":"x"}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("import-").FullName;
    private readonly MemoryStore _store = new();

    private string File => Path.Combine(_folder, "a.jsonl");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("jsonl")]
    [InlineData("jsonl.gz")]
    [InlineData("parquet")]
    public void What_was_exported_comes_back_as_it_was(string format)
    {
        var text = Gen.Char['\u0001', '\u2000'].Array[0, 12].Select(chars => new string(chars)).Select(raw => "x" + raw);
        Gen.Select(text, text, text.Null(), Gen.Int[0, 4], Gen.Long[0, long.MaxValue].Select(n => n % 3 == 0 ? (long?)null : n), Gen.Long[0, 10_000_000_000]).List[1, 5].Sample(rows =>
        {
            using var one = new MemoryStore();
            using var other = new MemoryStore();
            one.AddAsync([.. rows.Select((row, i) => new Annotation
            {
                Key = ContentHash.Of($"{i}"),
                ExampleId = row.Item1,
                Teacher = row.Item1,
                Status = (AnnotationStatus)row.Item4,
                Reply = row.Item2,
                Label = row.Item4 == 0 ? row.Item1 : null,
                Rationale = row.Item3,
                Fault = row.Item4 == 0 ? null : row.Item2,
                Sample = row.Item4,
                InputTokens = row.Item5,
                OutputTokens = row.Item6,
                Price = row.Item5 is null ? null : row.Item6 / 1_000_000_000_000_000_000m,
                Latency = TimeSpan.FromMicroseconds(row.Item6),
                At = DateTimeOffset.UnixEpoch.AddMicroseconds(row.Item6),
            })]).GetAwaiter().GetResult();
            var path = Path.Combine(_folder, $"{Guid.NewGuid()}.{format}");
            AnnotationExport.WriteAsync(one, path).GetAwaiter().GetResult();
            Assert.Equal((rows.Count, rows.Count), AnnotationImport.ReadAsync(other, path).GetAwaiter().GetResult());
            Assert.Equal(one.Attempts, other.Attempts);

            // A second time nothing is new.
            Assert.Equal((rows.Count, 0), AnnotationImport.ReadAsync(other, path).GetAwaiter().GetResult());
            Assert.Equal(rows.Count, other.Attempts.Count);
        }, iter: 50);
    }

    [Fact]
    public async Task A_further_attempt_is_added_and_an_answer_never_replaced()
    {
        await _store.AddAsync([AnnotationExportTests.Full with { Key = new string('b', 64), Status = AnnotationStatus.Failed, Label = null }], Stop);
        await System.IO.File.WriteAllTextAsync(File, Line, Stop);
        Assert.Equal((1, 1), await AnnotationImport.ReadAsync(_store, File, Stop));
        await System.IO.File.WriteAllTextAsync(File, Line.Replace("good", "better", StringComparison.Ordinal), Stop);
        Assert.Equal((1, 0), await AnnotationImport.ReadAsync(_store, File, Stop));
        Assert.Equal([null, "good"], _store.Attempts.Select(one => one.Label));
    }

    [Theory]
    [InlineData("\"key\"", "\"kee\"", "it has no 'key'")]
    [InlineData("bbbb", "BBBB", "its key is")]
    [InlineData("\"ok\"", "\"fine\"", "its status is 'fine'")]
    [InlineData("\"ok\"", "\"failed\"", "its status is failed and it has a 'teacher_label'")]
    [InlineData("\"good\"", "\" \"", "its status is ok and it has no 'teacher_label'")]
    [InlineData("\"id\":\"1\"", "\"id\":\"\"", "it has no 'id'")]
    [InlineData("\"id\"", "\"at\":\"yesterday\",\"id\"", "its time 'at' is 'yesterday'")]
    [InlineData("\"id\"", "\"sample\":-1,\"id\"", "its sample is '-1'")]
    [InlineData("\"id\"", "\"price\":-1,\"id\"", "its price is '-1'")]
    [InlineData("\"id\"", "\"price\":1e-19,\"id\"", "its price is '1e-19'; it must be dollars, from 0 and below 10000000000, with at most 18 decimals.")]
    [InlineData("\"id\"", "\"price\":\"$5\",\"id\"", "its price is '$5'")]
    [InlineData("\"id\"", "\"latency_ms\":1e300,\"id\"", "its latency_ms is '1e300'")]
    public async Task A_faulty_line_is_named_and_nothing_is_imported(string from, string to, string reason)
    {
        await System.IO.File.WriteAllTextAsync(File, Line + "\n" + Line.Replace(from, to, StringComparison.Ordinal), Stop);
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => AnnotationImport.ReadAsync(_store, File, Stop));
        Assert.Contains(File, fault.Message, StringComparison.Ordinal);
        Assert.Contains("line 2: " + reason, fault.Message, StringComparison.Ordinal);
        Assert.Empty(_store.Attempts);
    }

    [Fact]
    public void Whatever_a_file_holds_it_is_imported_or_refused_in_words() =>
        Gen.Select(Gen.Int[0, Line.Length - 1], Gen.Int[0, 20], Gen.String).Sample((at, drop, insert) =>
        {
            using var store = new MemoryStore();
            var path = Path.Combine(_folder, $"{Guid.NewGuid()}.jsonl");
            System.IO.File.WriteAllText(path, Line[..at] + insert + Line[Math.Min(Line.Length, at + drop)..]);
            try
            {
                var (read, _) = AnnotationImport.ReadAsync(store, path).GetAwaiter().GetResult();
                Assert.Equal(read, store.Attempts.Count);
            }
            catch (StepDistillException)
            {
                Assert.Empty(store.Attempts);
            }
        }, iter: 300);
}
