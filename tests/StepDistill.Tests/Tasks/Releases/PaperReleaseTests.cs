using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using StepDistill.Batches;
using StepDistill.Tasks;
using StepDistill.Tasks.Releases;

namespace StepDistill.Tests.Tasks.Releases;

public sealed class PaperReleaseTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nli_rows_keep_their_splits_and_get_labels_and_answers()
    {
        using var release = Nli("esnli");

        var splits = await PaperRelease.ImportAsync(release.Root, "esnli", "palm", release.Output, Stop);

        Assert.Equal(
            [("train", 3, 3), ("validation", 1, 1), ("test", 1, 0)],
            splits.Select(split => (split.Name, split.Rows, split.Answers)));
        Assert.EndsWith("esnli-validation.jsonl", splits[1].Path, StringComparison.Ordinal);
        var rows = await ReadAsync("nli", splits[0].Path);
        Assert.Equal(["esnli-train-000000", "esnli-train-000001", "esnli-train-000002"], rows.Select(row => row.Id));
        Assert.Equal(["entailment", "neutral", "contradiction"], rows.Select(row => row.Label));
        Assert.Equal("A dog runs.</s>An animal moves.", rows[0].Input);
        Assert.Equal(("A dog is an animal.\nAnswer: entailment", "PaLM 540B"), (rows[0].Recorded!.Completion, rows[0].Recorded!.Model));
    }

    [Fact]
    public async Task Questions_are_cut_as_the_program_cuts_them()
    {
        using var release = Questions(20);

        var splits = await PaperRelease.ImportAsync(release.Root, "cqa", "palm", release.Output, Stop);

        var (validation, train) = PaperOrder.Split(20);
        Assert.Equal(train.Select(row => $"cqa-train-{row:D5}"), (await ReadAsync("cqa", splits[0].Path)).Select(row => row.Id));
        var held = await ReadAsync("cqa", splits[1].Path);
        Assert.Equal(validation.Select(row => $"cqa-train-{row:D5}"), held.Select(row => row.Id));
        Assert.Equal(
            $"What is {validation[0]}?\nAnswer Choices:\n(a) word{validation[0]}\n(b) other", held[0].Input);
        Assert.Equal($"It is word{validation[0]}. So the answer is (a) word{validation[0]}.", held[0].Recorded!.Completion);
        Assert.Equal("cqa-test-00000", Assert.Single(await ReadAsync("cqa", splits[2].Path)).Id);
    }

    [Fact]
    public async Task Svamp_as_published_is_shuffled_and_parted_as_the_program_does()
    {
        using var release = new ReleaseFolder();
        var problems = Enumerable.Range(0, 1000)
            .Select(n => new { ID = $"chal-{n}", Body = $"Anna has item{n}", Question = "How many?", Equation = $"( {n}.0 + 1.0 )" }).ToList();
        var order = PaperOrder.Shuffle(1000);
        release.Write("svamp/SVAMP.json", JsonSerializer.Serialize(problems));
        release.Answers("svamp", "train", 500, order.Take(800).Select(n => $"Anna has item{n}. The answer is ({n} + 1)."));

        var splits = await PaperRelease.ImportAsync(release.Root, "svamp", "palm", release.Output, Stop);

        Assert.Equal([720, 80, 200], splits.Select(split => split.Rows));
        var rows = await ReadAsync("svamp", splits[0].Path);
        // Row numbers of numpy.random.RandomState(0).permutation(1000), which starts 993, 859, 298, 553, 672.
        Assert.Equal("Anna has item859\nHow many?", rows.Single(row => row.Id == "svamp-train-00001").Input);
        Assert.Equal("Anna has item859. The answer is (859 + 1).", rows.Single(row => row.Id == "svamp-train-00001").Recorded!.Completion);
    }

    [Fact]
    public async Task Asdivs_rows_stand_behind_svamps()
    {
        using var release = new ReleaseFolder();
        release.Rows("svamp", "train", new { input = "1 and 1", label = "( 1.0 + 1.0 )" }, new { input = "2 and 2", label = "( 2.0 + 2.0 )" });
        release.Rows("svamp", "test", new { input = "3 and 3", label = "( 3.0 + 3.0 )" });
        release.Rows("asdiv", "train", new { Body = "Four pears.", Question = "How many?", Formula = "4=4", Answer = "4 (pears)" });
        release.Answers("svamp", "train", 10, ["The answer is (1 + 1).", "The answer is (2 + 2)."]);
        release.Answers("asdiv", "train", 10, ["The answer is (4)."]);

        var splits = await PaperRelease.ImportAsync(release.Root, "svamp-asdiv", "palm", release.Output, Stop);

        Assert.Equal([2, 1, 1], splits.Select(split => split.Rows));
        var rows = (await ReadAsync("svamp", splits[0].Path)).Concat(await ReadAsync("svamp", splits[1].Path)).ToList();
        var added = rows.Single(row => row.Id == "asdiv-train-00000");
        Assert.Equal(("Four pears.\nHow many?", "4", "The answer is (4)."), (added.Input, added.Label, added.Recorded!.Completion));
    }

    [Fact]
    public async Task Another_teachers_answers_lie_in_one_file_a_split()
    {
        using var release = Nli("anli1");
        release.Write("gpt-neox/anli1/train.json", """["one", "two", "three"]""");

        var splits = await PaperRelease.ImportAsync(release.Root, "anli1", "gpt-neox", release.Output, Stop);

        Assert.Equal([3, 0, 0], splits.Select(split => split.Answers));
        Assert.Equal(
            [("one", "GPT-NeoX 20B"), ("two", "GPT-NeoX 20B"), ("three", "GPT-NeoX 20B")],
            (await ReadAsync("nli", splits[0].Path)).Select(row => (row.Recorded!.Completion!, row.Recorded!.Model!)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Another_number_of_answers_than_rows_is_refused_and_leaves_no_file(int answers)
    {
        using var release = Nli("esnli");
        release.Answers("esnli", "train", 2, Enumerable.Repeat("An animal.", answers));
        File.Delete(Path.Combine(release.Root, "esnli", "llm", $"train_CoT_{(answers + 1) / 2}.json"));

        var fault = await FaultAsync(release, "esnli");

        Assert.Contains("has 3 rows", fault, StringComparison.Ordinal);
        Assert.Contains($"hold {answers} answers", fault, StringComparison.Ordinal);
        Assert.False(Directory.Exists(release.Output) && Directory.EnumerateFileSystemEntries(release.Output).Any());
    }

    [Fact]
    public async Task A_missing_file_of_answers_is_named()
    {
        using var release = Questions(20);
        File.Delete(Path.Combine(release.Root, "cqa", "llm", "train_CoT_1.json"));

        Assert.Contains("not train_CoT_1.json", await FaultAsync(release, "cqa"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_that_slipped_by_a_row_are_refused()
    {
        using var release = Questions(80);
        release.Answers("cqa", "train", 100, Enumerable.Range(0, 80).Select(n => $"It is word{n + 1}. So the answer is (a) word{n + 1}."));
        foreach (var stale in Directory.GetFiles(Path.Combine(release.Root, "cqa", "llm"), "train_CoT_*.json").Where(path => !path.EndsWith("_0.json", StringComparison.Ordinal)))
        {
            File.Delete(stale);
        }

        Assert.Contains("stand beside the wrong rows", await FaultAsync(release, "cqa"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("esnli/esnli_train.json", "", "is empty")]
    [InlineData("esnli/esnli_train.json", "[1]", "no JSON object")]
    [InlineData("esnli/esnli_train.json", """{"premise":"a","hypothesis":"b","label":7}""", "its label is '7'")]
    [InlineData("esnli/esnli_train.json", """{"premise":"a","label":1}""", "no 'hypothesis'")]
    [InlineData("esnli/llm/train_CoT_0.json", "{}", "must hold a JSON list")]
    [InlineData("esnli/llm/train_CoT_0.json", "[\"a\", ", "no complete JSON")]
    [InlineData("esnli/llm/train_CoT_0.json", "[\"a\", null, \"c\"]", "answer 1 (from 0), is no text")]
    [InlineData("esnli/llm/train_CoT_0.json", """["a", "\ud800", "c"]""", "answer 1 (from 0), is no text")]
    public async Task Faulty_files_are_named_with_what_is_wrong(string file, string content, string reason)
    {
        using var release = Nli("esnli");
        release.Write(file, content);

        var fault = await FaultAsync(release, "esnli");

        Assert.Contains(Path.GetFileName(file), fault, StringComparison.Ordinal);
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_folder_is_refused_with_what_was_expected()
    {
        using var release = new ReleaseFolder();

        Assert.Contains("esnli/esnli_train.json", await FaultAsync(release, "esnli"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Spoilt_bytes_are_imported_or_refused_and_nothing_else() =>
        await Gen.Select(Gen.Int[0, 3], Gen.Byte, Gen.Double.Unit, Gen.Int[0, 40]).SampleAsync(async (which, value, at, cut) =>
        {
            using var release = Questions(12);
            string[] files = ["cqa_train.json", "llm/train_CoT_0.json", "cqa_test.json", "llm/train_CoT_1.json"];
            var path = Path.Combine(release.Root, "cqa", files[which]);
            var bytes = await File.ReadAllBytesAsync(path, Stop);
            bytes[(int)(at * (bytes.Length - 1))] = value;
            await File.WriteAllBytesAsync(path, cut < 10 ? bytes[..^cut] : bytes, Stop);
            try
            {
                await PaperRelease.ImportAsync(release.Root, "cqa", "palm", release.Output, Stop);
            }
            catch (StepDistillException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }, iter: 300);

    [Theory]
    [InlineData("cqa", "cqa_train.jsonl.gz", 1000)]
    [InlineData("svamp", "svamp_train.jsonl", 500)]
    public async Task The_real_rows_and_answers_come_out_as_the_program_parts_them(string set, string file, int each)
    {
        var numbers = JsonNode.Parse(await File.ReadAllTextAsync(SharedData.Require("official_valid_split.json"), Stop))![set]!;
        var rows = await ReadAsync(set, SharedData.Require(file));
        using var release = new ReleaseFolder();
        Write(release, set, "train", rows, each);
        release.Rows(set, "test", Raw(rows[0]));

        var splits = await PaperRelease.ImportAsync(release.Root, set, "palm", release.Output, Stop);

        foreach (var (split, name) in new[] { (splits[0], "train"), (splits[1], "valid") })
        {
            var read = await ReadAsync(set, split.Path);
            var expected = numbers[name]!.AsArray().Select(number => rows[number!.GetValue<int>()]).ToList();
            Assert.Equal(
                expected.Select(row => (row.Id, row.Label, row.Recorded!.Completion)),
                read.Select(row => (row.Id, row.Label, row.Recorded!.Completion)));
        }
    }

    [Theory]
    [InlineData("cqa", "cqa", "cqa_train.jsonl.gz", "train")]
    [InlineData("svamp", "svamp", "svamp_train.jsonl", "train")]
    [InlineData("nli", "anli1", "anli1_valid.jsonl", "valid")]
    [InlineData("nli", "esnli", "esnli_valid.jsonl.gz", "valid")]
    public async Task Real_answers_that_slipped_by_a_row_either_way_are_noticed(string task, string set, string file, string split)
    {
        var rows = await ReadAsync(task, SharedData.Require(file));
        using var release = new ReleaseFolder();
        Write(release, set, "train", rows, 5000);
        Write(release, set, split, rows, 5000);
        release.Rows(set, "test", Raw(rows[0]));
        await PaperRelease.ImportAsync(release.Root, set, "palm", release.Output, Stop);

        foreach (var slip in new[] { 1, rows.Count - 1 })
        {
            var slipped = rows.Select((row, n) => row with { Recorded = rows[(n + slip) % rows.Count].Recorded }).ToList();
            Write(release, set, "train", slipped, 5000);
            Assert.Contains("stand beside the wrong rows", await FaultAsync(release, set), StringComparison.Ordinal);
        }
    }

    private static void Write(ReleaseFolder release, string set, string split, List<Example> rows, int each)
    {
        release.Rows(set, split, [.. rows.Select(Raw)]);
        release.Answers(set, split, each, rows.Select(row => row.Recorded!.Completion!));
    }

    private static object Raw(Example row) =>
        row.Columns.TryGetValue("premise", out var premise) ? new { premise, hypothesis = row.Columns["hypothesis"], label = row.Label }
        : row.Choices.Count > 0 ? new { question = row.Input!.Split("\nAnswer Choices:")[0], choices = row.Choices, answer = row.Label }
        : new { input = row.Input, label = row.Label };

    private static async Task<string> FaultAsync(ReleaseFolder release, string set) =>
        (await Assert.ThrowsAsync<StepDistillException>(() =>
            PaperRelease.ImportAsync(release.Root, set, "palm", release.Output, Stop))).Message;

    private static async Task<List<Example>> ReadAsync(string task, string path) =>
        await ExampleReader.ReadAsync(TaskCatalog.Find(task)!, path, Stop).ToListAsync(Stop);

    private static ReleaseFolder Nli(string set)
    {
        var release = new ReleaseFolder();
        release.Rows(
            set,
            "train",
            new { premise = "A dog runs.", hypothesis = "An animal moves.", label = 0, explanation_1 = "Dogs are animals." },
            new { premise = "A dog runs.", hypothesis = "It runs home.", label = 1, explanation_1 = "" },
            new { premise = "A dog runs.", hypothesis = "It sleeps.", label = 2, explanation_1 = "" });
        release.Rows(set, "valid", new { premise = "A cat.", hypothesis = "A pet.", label = 0 });
        release.Rows(set, "test", new { premise = "A cow.", hypothesis = "A pet.", label = 1 });
        release.Answers(set, "train", 2, ["A dog is an animal.\nAnswer: entailment", "It may.\nAnswer: neutral", "No.\nAnswer: contradiction"]);
        release.Answers(set, "valid", 2, ["A cat is a pet.\nAnswer: entailment"]);
        return release;
    }

    private static ReleaseFolder Questions(int count)
    {
        var release = new ReleaseFolder();
        release.Rows("cqa", "train", [.. Enumerable.Range(0, count).Select(Question)]);
        release.Rows("cqa", "test", Question(0));
        release.Answers("cqa", "train", 7, Enumerable.Range(0, count).Select(n => $"It is word{n}. So the answer is (a) word{n}."));
        release.Answers("cqa", "test", 7, ["It is word0."]);
        return release;

        static object Question(int n) => new { id = $"q{n}", question = $"What is {n}?", choices = new[] { $"word{n}", "other" }, answer = $"word{n}" };
    }
}
