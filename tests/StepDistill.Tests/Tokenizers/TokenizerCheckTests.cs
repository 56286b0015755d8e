using CsCheck;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed class TokenizerCheckTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("check").FullName;
    private readonly string tokenizer;
    private readonly string expected;

    public TokenizerCheckTests()
    {
        TinyVocabulary.Tokenizer().Save(folder);
        tokenizer = Path.Combine(folder, "tiny.model");
        expected = Path.Combine(folder, "expected.jsonl");
        File.Move(Path.Combine(folder, "spiece.model"), tokenizer);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Equal_and_different_texts_are_counted_and_shown()
    {
        File.WriteAllText(expected, """
            {"text": "ab", "other": [9], "tiny": [8]}

            {"text": "a</s>", "other": [9], "tiny": [7, 1]}
            """);

        var check = TokenizerCheck.Run(tokenizer, expected);

        Assert.Equal((2, 1), (check.Texts, check.Equal));
        var difference = Assert.Single(check.Differences);
        Assert.Equal((3, "a</s>"), (difference.Line, difference.Text));
        Assert.Equal([7, 1], difference.Expected);
        Assert.Equal([7, 2], difference.Found);
    }

    [Theory]
    [InlineData("""{"text": "ab", "ids": [8], "more": [1]}""", null)]
    [InlineData("""{"text": "ab", "whatever": [8]}""", null)]
    [InlineData("""{"text": "ab", "tiny": [1], "whatever": [8]}""", "whatever")]
    public void The_list_is_found_by_name_or_by_being_the_only_one(string row, string? name)
    {
        File.WriteAllText(expected, row);

        Assert.Equal(1, TokenizerCheck.Run(tokenizer, expected, name).Equal);
    }

    [Theory]
    [InlineData("", "no texts")]
    [InlineData("{\"text\": \"ab\", \"x\": [8], \"y\": [8]}", "found x, y")]
    [InlineData("{\"text\": 1, \"ids\": [8]}", "line 1")]
    [InlineData("{\"text\": \"ab\", \"ids\": [\"8\"]}", "line 1")]
    [InlineData("{\"text\": \"\\ud800\", \"ids\": [8]}", "line 1")]
    [InlineData("nonsense", "line 1")]
    public void A_file_that_cannot_be_compared_with_is_named_with_its_line(string content, string found)
    {
        File.WriteAllText(expected, content);

        var fault = Assert.Throws<StepDistillException>(() => TokenizerCheck.Run(tokenizer, expected));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Contains(found, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_happens_to_the_file_it_is_compared_or_refused()
    {
        var whole = """{"text": "ab é", "tiny": [8, 3, 9], "other": [1, {"deep": [null]}]}""";
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Char).Array[1, 4].Sample(
            edits =>
            {
                var row = whole.ToCharArray();
                foreach (var (place, letter) in edits)
                {
                    row[place] = letter;
                }

                File.WriteAllText(expected, new string(row));
                try
                {
                    TokenizerCheck.Run(tokenizer, expected);
                }
                catch (StepDistillException)
                {
                }
            },
            iter: 300,
            threads: 1);
    }
}
