using System.IO.Compression;
using System.Text;
using CsCheck;
using Parquet.Serialization;
using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Tests.Tasks;

public sealed class ExampleReaderTests : IDisposable
{
    private static readonly TaskSpec Nli = TaskSpec.From(new TaskSection { Name = "nli" });
    private static readonly TaskSpec Cqa = TaskSpec.From(new TaskSection { Name = "cqa" });
    private static readonly TaskSpec Svamp = TaskSpec.From(new TaskSection { Name = "svamp" });
    private static readonly TaskSpec Free = TaskSpec.From(new TaskSection { Name = "own", Answer = "text" });

    private readonly string folder = Directory.CreateTempSubdirectory("examples").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Inputs_are_built_from_raw_columns_as_the_paper_builds_them()
    {
        var nli = await One(Nli, """{"premise": "A dog runs.", "hypothesis": "It moves.", "label": 0}""");
        Assert.Equal(("A dog runs.</s>It moves.", "entailment"), (nli.Input, nli.Label));

        var cqa = await One(Cqa, """{"question": "Where do cups stand?", "choices": ["shelf", "river"], "label": "B"}""");
        Assert.Equal("Where do cups stand?\nAnswer Choices:\n(a) shelf\n(b) river", cqa.Input);
        Assert.Equal("river", cqa.Label);

        var svamp = await One(Svamp, """{"BODY": "Ann has 3 pens.", "question": "How many?", "label": "( 3.0 )"}""");
        Assert.Equal(("Ann has 3 pens.\nHow many?", "( 3.0 )"), (svamp.Input, svamp.Label));
    }

    [Theory]
    [InlineData("""{"question": "Q?", "choices": {"label": ["A", "B"], "text": ["x", "y"]}}""")]
    [InlineData("""{"question": "Q?", "choice_a": "x", "choice_b": "y"}""")]
    [InlineData("""{"question": "Q?", "choice_0": "x", "choice_1": "y"}""")]
    [InlineData("""{"question": "Q?", "choice_1": "x", "choice_2": "y"}""")]
    [InlineData("""{"input": "Q?\nAnswer Choices:\n(a) x\n(b) y"}""")]
    public async Task Choices_come_from_a_list_from_columns_or_from_the_input(string row)
    {
        var example = await One(Cqa, row);
        Assert.Equal("Q?\nAnswer Choices:\n(a) x\n(b) y", example.Input);
        Assert.Equal(["x", "y"], example.Choices);
    }

    [Fact]
    public async Task Without_the_templates_columns_the_input_is_taken()
    {
        var example = await One(Nli, """{"id": "7", "input": "a</s>b", "premise": null, "label": "Neutral "}""");
        Assert.Equal(("7", "a</s>b", "neutral"), (example.Id, example.Input, example.Label));
    }

    [Fact]
    public async Task A_recorded_answer_may_stand_nested_or_flat()
    {
        var nested = await One(Free, """{"input": "x", "teacher": {"completion": "So it is.", "model": "m"}}""");
        Assert.Equal(new RecordedAnswer("So it is.", null, null, "m"), nested.Recorded);
        var flat = await One(Free, """{"input": "x", "teacher.completion": "So it is.", "teacher.model": "m"}""");
        Assert.Equal(nested.Recorded, flat.Recorded);
        var parted = await One(Free, """{"input": "x", "rationale": "why", "teacher_label": "y"}""");
        Assert.Equal(new RecordedAnswer(null, "why", "y", null), parted.Recorded);
        Assert.Null((await One(Free, """{"input": "x", "teacher": null}""")).Recorded);
    }

    [Fact]
    public async Task Columns_hold_neither_the_gold_label_nor_what_a_teacher_said()
    {
        var example = await One(Free, """{"input": "x", "label": "y", "topic": "z", "n": 3, "teacher": {"completion": "c", "model": "m"}}""");
        Assert.Equal(["input", "n", "topic"], example.Columns.Keys.Order());
        Assert.Equal("3", example.Columns["N"]);
    }

    [Theory]
    [InlineData("""{"input": "x"}""")]
    [InlineData("""{"input": "x", "label": null}""")]
    [InlineData("""{"input": "x", "label": " "}""")]
    public async Task A_missing_null_or_blank_label_is_no_label(string row) => Assert.Null((await One(Free, row)).Label);

    [Fact]
    public async Task A_null_input_is_allowed_beside_a_recorded_answer()
    {
        var example = await One(Nli, """{"id": "a", "input": null, "label": null, "teacher": {"completion": "c"}}""");
        Assert.Null(example.Input);
        Assert.Contains("nothing can be done with it", await Fault(Nli, """{"input": null, "teacher": null}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_ids_are_made_from_the_content_and_equal_rows_are_told_apart()
    {
        var ids = (await Read(Free, "{\"input\": \"x\"}\n{\"input\": \"y\"}\n{\"input\": \"x\"}")).Select(example => example.Id).ToList();
        Assert.Equal(3, ids.Distinct().Count());
        Assert.Equal(ids[1], (await One(Free, """{"input": "y"}""")).Id);
        Assert.Equal(ids[0], (await One(Free, """{"input": "x"}""")).Id);
    }

    [Theory]
    [InlineData("""{"id": "a", "input": "x"} {"id": "a", "input": "y"}""", "id 'a' was already given")]
    [InlineData("""{"id": "a"}""", "neither the column 'input' nor all of 'premise', 'hypothesis'; it has 'id'")]
    [InlineData("""{"input": "x", "label": "maybe"}""", "label 'maybe' in the column 'label' is not one that the task allows: entailment, neutral, contradiction")]
    [InlineData("""{"input": " "}""", "its input is blank")]
    [InlineData("""{"input": "x", "Input": "y"}""", "the column 'Input' twice")]
    [InlineData("""["x"]""", "every line must hold one JSON object (not a list of all rows)")]
    [InlineData("""3""", "it holds a number")]
    [InlineData("""{"input": "x" """, "no complete JSON object")]
    [InlineData("""{"input": "\ud800"}""", "surrogate pair")]
    [InlineData("""{"input": "a\u0000b"}""", "U+0000")]
    public async Task A_faulty_row_is_named_with_its_line_and_reason(string rows, string reason)
    {
        var lines = rows.Replace("} {", "}\n{", StringComparison.Ordinal);
        var message = await Fault(Nli, "{\"input\": \"good\"}\n" + lines);
        Assert.Contains("rows.jsonl has 1 faulty row", message, StringComparison.Ordinal);
        Assert.Contains($"line {1 + lines.Split('\n').Length}: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"question": "Q?", "choices": ["x"]}""", "not a JSON list of 2 to 26")]
    [InlineData("""{"question": "Q?", "choices": "x, y"}""", "is no JSON")]
    [InlineData("""{"input": "Where?"}""", "it has no choices")]
    [InlineData("""{"question": "Q?", "choices": ["x", "y"], "label": "z"}""", "not one that the task allows: x, y")]
    public async Task Faulty_choices_are_named(string row, string reason) =>
        Assert.Contains(reason, await Fault(Cqa, row), StringComparison.Ordinal);

    [Fact]
    public async Task A_gold_equation_without_a_value_is_a_fault() => Assert.Contains(
        "an equation or a number", await Fault(Svamp, """{"input": "x", "label": "( 3 / 0 )"}"""), StringComparison.Ordinal);

    [Fact]
    public async Task After_ten_faults_reading_stops_and_all_ten_are_told()
    {
        var message = await Fault(Free, string.Join('\n', Enumerable.Repeat("{}", 25)));
        Assert.Contains("at least 10 faulty rows", message, StringComparison.Ordinal);
        Assert.Contains("line 10: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain("line 11: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_example_is_given_out_after_a_faulty_row()
    {
        var path = Write("rows.jsonl", "{\"input\": \"1\"}\n{}\n{\"input\": \"2\"}");
        var seen = new List<string?>();
        await Assert.ThrowsAsync<StepDistillException>(async () =>
        {
            await foreach (var example in ExampleReader.ReadAsync(Free, path, TestContext.Current.CancellationToken))
            {
                seen.Add(example.Input);
            }
        });
        Assert.Equal(["1"], seen);
    }

    [Fact]
    public async Task A_byte_order_mark_carriage_returns_and_blank_lines_do_no_harm()
    {
        var path = Path.Combine(folder, "rows.jsonl");
        File.WriteAllBytes(path, [0xEF, 0xBB, 0xBF, .. "{\"input\": \"ä\"}\r\n\r\n  \n{\"input\": \"b\"}\r\n"u8]);
        Assert.Equal(["ä", "b"], (await All(Free, path)).Select(example => example.Input));
    }

    [Fact]
    public async Task Text_that_is_not_UTF8_is_refused_by_name()
    {
        var path = Path.Combine(folder, "rows.jsonl");
        File.WriteAllBytes(path, [.. "{\"input\": \"a\"}\n{\"input\": \""u8, 0xE4, .. "\"}"u8]);
        Assert.Contains("line 2: it is not valid UTF-8", await FaultOf(Free, path), StringComparison.Ordinal);
        File.WriteAllBytes(path, Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("{\"input\": \"a\"}")).ToArray());
        Assert.Contains("UTF-16", await FaultOf(Free, path), StringComparison.Ordinal);
        File.WriteAllBytes(path, [.. "{\"input\": \""u8, 0, .. "\"}"u8]);
        Assert.Contains("line 1: it holds a NUL byte", await FaultOf(Free, path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_beyond_the_limit_is_refused_before_it_fills_the_memory()
    {
        var path = Path.Combine(folder, "rows.jsonl");
        File.WriteAllBytes(path, [.. "{\"input\": \"a\"}\n{\"input\": \""u8, .. Enumerable.Repeat((byte)'x', JsonlRows.MaxLine + 1)]);
        Assert.Contains("line 2 is longer than 16 MiB", await FaultOf(Free, path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rows.jsonl")]
    [InlineData("rows.csv")]
    [InlineData("rows.parquet")]
    [InlineData("rows.jsonl.gz")]
    public async Task An_empty_file_is_refused(string name) =>
        Assert.Contains("the file is empty", await FaultOf(Free, Write(name, "")), StringComparison.Ordinal);

    [Fact]
    public async Task A_file_without_rows_is_refused()
    {
        Assert.Contains("holds no row", await FaultOf(Free, Write("rows.jsonl", "\n\n")), StringComparison.Ordinal);
        Assert.Contains("holds no row", await FaultOf(Free, Write("rows.csv", "id,input\n")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_and_an_unknown_kind_are_told()
    {
        Assert.Contains("there is no such file", await FaultOf(Free, Path.Combine(folder, "none.jsonl")), StringComparison.Ordinal);
        Assert.Contains("'.xlsx' cannot be read; it must be .jsonl", await FaultOf(Free, Write("rows.xlsx", "x")), StringComparison.Ordinal);
        Assert.Contains("holds no gzip data", await FaultOf(Free, Write("rows.jsonl.gz", "{}")), StringComparison.Ordinal);
        Assert.Contains("does not start as Parquet", await FaultOf(Free, Write("rows.parquet", "{}xx")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rows.jsonl.gz")]
    [InlineData("rows.jsonl")]
    public async Task Gzip_is_known_by_its_first_bytes(string name)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, Gzip("{\"input\": \"a\"}\n{\"input\": \"b\"}\n"));
        Assert.Equal(["a", "b"], (await All(Free, path)).Select(example => example.Input));
    }

    [Theory]
    [InlineData("rows.jsonl.gz", 0.5)]
    [InlineData("rows.csv.gz", 0.5)]
    [InlineData("rows.jsonl.gz", 0.9999)]
    public async Task A_truncated_gzip_file_is_never_taken_for_a_whole_one(string name, double part)
    {
        var path = Path.Combine(folder, name);
        var rows = Enumerable.Range(0, 5000).Select(n => name.Contains("csv", StringComparison.Ordinal) ? $"row {n * n}" : $"{{\"input\": \"row {n * n}\"}}");
        var whole = Gzip(string.Join('\n', ["input", .. rows])[(name.Contains("csv", StringComparison.Ordinal) ? 0 : 6)..]);
        File.WriteAllBytes(path, whole);
        Assert.Equal(5000, (await All(Free, path)).Count);
        File.WriteAllBytes(path, whole[..Math.Min(whole.Length - 1, (int)(whole.Length * part))]);
        Assert.Contains("cannot be read further", await FaultOf(Free, path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_cells_may_hold_commas_quotes_and_line_breaks()
    {
        var path = Write("rows.csv", "id,premise,hypothesis,label,teacher.completion\r\n1,\"a, b\",\"say \"\"c\"\"\nd\",neutral,\r\n2,e,f,,yes\r\n");
        var examples = await All(Nli, path);
        Assert.Equal(["a, b</s>say \"c\"\nd", "e</s>f"], examples.Select(example => example.Input));
        Assert.Equal(["neutral", null], examples.Select(example => example.Label));
        Assert.Equal([null, "yes"], examples.Select(example => example.Recorded?.Completion));
    }

    [Theory]
    [InlineData("id,input,label\n1,x,neutral\n2,\"y\nz\",neutral\n3,x,perhaps\n", "line 5: its label 'perhaps'")]
    [InlineData("id,input,label\n1,x,neutral\n2,x\n", "line 3: it has 2 cells, but the first line names 3 columns")]
    [InlineData("id,input,ID\n1,x,2\n", "names the column 'id' twice")]
    [InlineData("id,,label\n1,x,2\n", "leaves a column without a name")]
    [InlineData("id,input\n1,a\0b\n", "line 2: the column 'input' holds a NUL")]
    public async Task A_faulty_csv_row_is_named_with_the_line_on_which_it_starts(string csv, string reason) =>
        Assert.Contains(reason, await FaultOf(Nli, Write("rows.csv", csv)), StringComparison.Ordinal);

    [Fact]
    public async Task Csv_that_is_not_UTF8_or_has_a_huge_row_is_refused()
    {
        var path = Path.Combine(folder, "rows.csv");
        File.WriteAllBytes(path, [.. "input\n"u8, 0xE4, .. "\n"u8]);
        Assert.Contains("not valid UTF-8", await FaultOf(Free, path), StringComparison.Ordinal);
        File.WriteAllBytes(path, [.. "input\n\""u8, .. Enumerable.Repeat((byte)'x', CsvRows.MaxRow + 100)]);
        Assert.Contains("longer than 16 Mi", await FaultOf(Free, path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parquet_rows_are_read_with_lists_and_nested_answers()
    {
        var path = Path.Combine(folder, "rows.parquet");
        await using (var file = new FileStream(path, FileMode.Create))
        {
            await ParquetSerializer.SerializeAsync(
                new[]
                {
                    new Row { id = "1", question = "Q?", choices = ["x", "y"], label = "y", teacher = new() { completion = "c", model = "m" } },
                    new Row { id = "2", question = "R?", choices = ["z", "w", "v"] },
                },
                file,
                cancellationToken: TestContext.Current.CancellationToken);
        }

        var examples = await All(Cqa, path);
        Assert.Equal(["Q?\nAnswer Choices:\n(a) x\n(b) y", "R?\nAnswer Choices:\n(a) z\n(b) w\n(c) v"], examples.Select(example => example.Input));
        Assert.Equal(["y", null], examples.Select(example => example.Label));
        Assert.Equal(new RecordedAnswer("c", null, null, "m"), examples[0].Recorded);

        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
        Assert.Contains("no Parquet file that can be read", await FaultOf(Cqa, path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_faulty_parquet_row_is_named_by_its_number()
    {
        var path = Path.Combine(folder, "rows.parquet");
        await using (var file = new FileStream(path, FileMode.Create))
        {
            await ParquetSerializer.SerializeAsync(
                new[] { new Pair { input = "x", label = "neutral" }, new Pair { input = "y", label = "?" } },
                file,
                cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.Contains("row 2: its label '?'", await FaultOf(Nli, path), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_end_in_examples_or_in_one_clear_message() =>
        Gen.Select(Gen.Int[0, 3].Select(n => new[] { ".jsonl", ".csv", ".jsonl.gz", ".parquet" }[n]), Gen.Byte.Array[0, 200], Gen.Int[0, 4]).Sample((kind, bytes, start) =>
        {
            var path = Path.Combine(folder, "fuzz-" + Guid.NewGuid().ToString("N") + kind);
            ReadOnlySpan<byte> head = start switch { 1 => "{\"input\": \""u8, 2 => "input\n"u8, 3 => "PAR1"u8, 4 => [0x1f, 0x8b, 8, 0], _ => [] };
            File.WriteAllBytes(path, [.. head, .. bytes]);
            try
            {
                All(Free, path).GetAwaiter().GetResult();
            }
            catch (StepDistillException e)
            {
                Assert.Contains(path, e.Message, StringComparison.Ordinal);
            }
            finally
            {
                File.Delete(path);
            }
        }, iter: 500, threads: 1);

    [Fact]
    public async Task Half_a_million_rows_are_streamed_in_little_memory()
    {
        var path = SharedData.Require("esnli_train.jsonl.gz");
        var (rows, labelled, highest) = (0, 0, 0L);
        await foreach (var example in ExampleReader.ReadAsync(Nli, path, TestContext.Current.CancellationToken))
        {
            rows++;
            labelled += example.Label is null ? 0 : 1;
            if (rows % 100_000 == 0)
            {
                highest = Math.Max(highest, GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        Assert.Equal((549_367, 15_389), (rows, labelled));

        // 16 bytes an id make 36 with the set's own fields, doubled while it grows; the rows' text alone would be 300 MB.
        Assert.InRange(highest, 0, 120L << 20);
    }

    private async Task<Example> One(TaskSpec task, string row) => Assert.Single(await Read(task, row));

    private Task<List<Example>> Read(TaskSpec task, string rows) => All(task, Write("rows.jsonl", rows));

    private Task<string> Fault(TaskSpec task, string rows) => FaultOf(task, Write("rows.jsonl", rows));

    private static async Task<string> FaultOf(TaskSpec task, string path) =>
        (await Assert.ThrowsAsync<StepDistillException>(() => All(task, path))).Message;

    private static async Task<List<Example>> All(TaskSpec task, string path) =>
        await ExampleReader.ReadAsync(task, path, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static byte[] Gzip(string text)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return memory.ToArray();
    }

#pragma warning disable IDE1006 // The columns of a Parquet file bear the names of these properties.
    internal sealed class Row
    {
        public string? id { get; set; }

        public string? question { get; set; }

        public List<string>? choices { get; set; }

        public string? label { get; set; }

        public Answer? teacher { get; set; }
    }

    internal sealed class Answer
    {
        public string? completion { get; set; }

        public string? model { get; set; }
    }

    internal sealed class Pair
    {
        public string? input { get; set; }

        public string? label { get; set; }
    }
#pragma warning restore IDE1006
}
