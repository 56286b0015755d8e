using System.Text.Json;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

/// <summary>Against encodings by SentencePiece 0.1.97 itself, where they lie beside the repository.</summary>
public sealed partial class TokenizerTests
{
    private static readonly string Golden = Path.Combine(SharedFolder.Path, "golden");

    [Theory]
    [InlineData("t5")]
    [InlineData("english_1k")]
    public void Every_reference_text_gets_the_ids_that_SentencePiece_gives(string name)
    {
        var folder = Path.Combine(Golden, "tokenizers");
        Assert.SkipUnless(Directory.Exists(folder), $"No reference encodings at {folder}.");
        var tokenizer = Tokenizer.Load(Path.Combine(folder, name + ".model"));
        var saved = Directory.CreateTempSubdirectory("tokenizer").FullName;
        tokenizer.Save(saved);
        var again = Tokenizer.Load(Path.Combine(saved, "tokenizer.json"));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(folder, name + ".model")),
            File.ReadAllBytes(Path.Combine(saved, "spiece.model")));
        Directory.Delete(saved, recursive: true);
        var texts = 0;
        foreach (var line in File.ReadLines(Path.Combine(folder, "expected.jsonl")))
        {
            using var row = JsonDocument.Parse(line);
            var text = row.RootElement.GetProperty("text").GetString()!;
            var expected = row.RootElement.GetProperty(name).Deserialize<int[]>();
            Assert.Equal(expected, tokenizer.Encode(text));
            Assert.Equal(expected, again.Encode(text));
            texts++;
        }

        Assert.True(texts > 3000);
    }

    [Fact]
    public void A_real_training_run_of_the_papers_program_saw_these_ids()
    {
        var folder = Path.Combine(Golden, "e2e_cqa");
        var data = Path.Combine(SharedFolder.Path, "data", "cqa_train.jsonl.gz");
        Assert.SkipUnless(Directory.Exists(folder) && File.Exists(data), $"No reference run at {folder}.");
        var tokenizer = Tokenizer.Load(folder);
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        var rows = expected.RootElement.GetProperty("train_split_first_50_source_rows").Deserialize<int[]>()!;
        using var file = new System.IO.Compression.GZipStream(
            File.OpenRead(data), System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        var inputs = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            using var row = JsonDocument.Parse(line);
            inputs.Add(row.RootElement.GetProperty("input").GetString()!);
        }

        var index = 0;
        foreach (var example in expected.RootElement.GetProperty("first_tokenized").EnumerateArray())
        {
            int[] ids = [.. tokenizer.EncodeMarked("predict: " + inputs[rows[index++]]), tokenizer.EndId];
            Assert.Equal(example.GetProperty("input_ids").Deserialize<int[]>(), ids);
        }

        Assert.True(index >= 20);
    }
}
