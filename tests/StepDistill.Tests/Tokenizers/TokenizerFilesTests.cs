using CsCheck;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed class TokenizerFilesTests : IDisposable
{
    private static readonly string[] Texts = ["", "ab a</s>b", "  é 1<extra_id_3>q", "a\u0301 ﬁ x<unk>"];

    private readonly string folder = Directory.CreateTempSubdirectory("tokenizer").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_saved_tokenizer_is_the_same_from_either_file()
    {
        var tokenizer = WithCharacterMap();
        tokenizer.Save(folder);

        var fromModel = Tokenizer.Load(Path.Combine(folder, "spiece.model"));
        var fromJson = Tokenizer.Load(Path.Combine(folder, "tokenizer.json"));

        foreach (var text in Texts)
        {
            var ids = tokenizer.EncodeMarked(text);
            Assert.Equal(ids, fromModel.EncodeMarked(text));
            Assert.Equal(ids, fromJson.EncodeMarked(text));
            Assert.Equal(tokenizer.Decode(ids), fromJson.Decode(ids));
        }

        Assert.Equal(tokenizer.VocabularySize, fromModel.VocabularySize);
        Assert.Equal(tokenizer.VocabularySize, fromJson.VocabularySize);
    }

    [Fact]
    public void A_loaded_model_is_saved_byte_for_byte()
    {
        WithCharacterMap().Save(folder);
        var model = Path.Combine(folder, "spiece.model");
        // An unknown field, as a newer program might write it.
        File.WriteAllBytes(model, [.. File.ReadAllBytes(model), 0x82, 0x7D, 1, 9]);
        var before = File.ReadAllBytes(model);

        Tokenizer.Load(folder).Save(Path.Combine(folder, "again"));

        Assert.Equal(before, File.ReadAllBytes(Path.Combine(folder, "again", "spiece.model")));
    }

    [Fact]
    public void Names_and_number_of_marks_come_from_the_files_beside_the_model()
    {
        new Tokenizer(TinyVocabulary.Model(), new SpecialNames { Sentinels = 3, Others = ["<why>"] }).Save(folder);

        var loaded = Tokenizer.Load(folder);

        Assert.Equal(TinyVocabulary.Pieces + 4, loaded.VocabularySize);
        Assert.Equal([TinyVocabulary.Pieces + 2, TinyVocabulary.Pieces + 3], loaded.EncodeMarked("<extra_id_0><why>"));
        Assert.Equal(
            loaded.EncodeMarked("<extra_id_0><why>"),
            Tokenizer.Load(Path.Combine(folder, "tokenizer.json")).EncodeMarked("<extra_id_0><why>"));
    }

    [Fact]
    public void Variants_of_tokenizer_json_are_read()
    {
        WithCharacterMap().Save(folder);
        var file = Path.Combine(folder, "tokenizer.json");
        var json = File.ReadAllText(file);
        var start = json.IndexOf("\"normalizer\":", StringComparison.Ordinal) + "\"normalizer\":".Length;
        var end = json.IndexOf(",\"pre_tokenizer\"", StringComparison.Ordinal);
        File.WriteAllText(file, json[..start]
            + $$"""
            {"type":"Sequence","normalizers":[{{json[start..end]}},
            {"type":"Strip","strip_left":false,"strip_right":true},
            {"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}]}
            """
            + json[end..].Replace("\"prepend_scheme\"", "\"str_rep\"", StringComparison.Ordinal));

        foreach (var text in Texts)
        {
            Assert.Equal(WithCharacterMap().EncodeMarked(text), Tokenizer.Load(file).EncodeMarked(text));
        }
    }

    [Theory]
    [InlineData("spiece.model", "", "no pieces")]
    [InlineData("spiece.model", "hello, I am no tokenizer", "wire type")]
    [InlineData("tokenizer.json", "{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}", "BPE")]
    [InlineData("tokenizer.json", "{\"model\":", "tokenizer.json")]
    [InlineData("tokenizer.json", "[]", "'model'")]
    [InlineData("tokenizer.json", "{\"model\":{\"unk_id\":7,\"vocab\":[[\"a\",-1]]}}", "unk_id is 7")]
    [InlineData("tokenizer.json", "{\"model\":{\"unk_id\":0,\"vocab\":[[\"\\ud800\",-1]]}}", "tokenizer.json")]
    public void A_file_that_is_no_tokenizer_is_named_with_what_was_found(string name, string content, string found)
    {
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, content);

        var fault = Assert.Throws<StepDistillException>(() => Tokenizer.Load(folder));

        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
        Assert.Contains(found, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_tokenizer_says_what_was_looked_for() =>
        Assert.Contains(
            "spiece.model",
            Assert.Throws<StepDistillException>(() => Tokenizer.Load(Path.Combine(folder, "nowhere"))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_damaged_configuration_is_named()
    {
        WithCharacterMap().Save(folder);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), "{\"extra_ids\": 1e9}");

        Assert.Contains(
            "extra_ids is 1e9",
            Assert.Throws<StepDistillException>(() => Tokenizer.Load(folder)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spiece.model")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public void Whatever_happens_to_a_file_it_loads_or_is_refused(string name)
    {
        WithCharacterMap().Save(folder);
        var file = Path.Combine(folder, name);
        var whole = File.ReadAllBytes(file);
        if (name != "spiece.model")
        {
            File.Delete(Path.Combine(folder, name == "tokenizer.json" ? "spiece.model" : "tokenizer.json"));
        }

        var edit = Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte);
        Gen.Select(edit.Array[0, 4], Gen.Int[0, 3], Gen.Int[0, whole.Length]).Sample(
            (edits, cut, length) =>
            {
                var bytes = whole.ToArray();
                foreach (var (place, value) in edits)
                {
                    bytes[place] = value;
                }

                File.WriteAllBytes(file, cut == 0 ? bytes[..length] : bytes);
                try
                {
                    var tokenizer = Tokenizer.Load(folder);
                    foreach (var text in Texts)
                    {
                        tokenizer.Decode(tokenizer.EncodeMarked(text));
                    }
                }
                catch (StepDistillException)
                {
                }
            },
            iter: 300,
            threads: 1);
    }

    private static Tokenizer WithCharacterMap() => new(
        TinyVocabulary.Model() with
        {
            Normalizer = new()
            {
                CharacterMap = CharacterMap.Compile(new Dictionary<byte[], byte[]>(ByteText.Comparer)
                {
                    [[.. "\t"u8]] = [.. " "u8],
                    [[.. "e\u0301"u8]] = [.. "é"u8],
                    [[.. "ﬁ"u8]] = [.. "ab"u8],
                    [[.. "\u200B"u8]] = [],
                }),
            },
        },
        new SpecialNames());
}
