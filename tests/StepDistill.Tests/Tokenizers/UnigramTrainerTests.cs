using System.Text;
using CsCheck;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed class UnigramTrainerTests
{
    private static readonly string[] Words =
    [
        "walking", "walked", "walks", "talking", "talked", "talks", "jumping", "jumped", "jumps", "the", "a", "garden",
        "42",
    ];

    [Fact]
    public void Frequent_words_become_pieces_and_marks_have_T5s_ids()
    {
        var tokenizer = Train(Sentences(500), 60);

        Assert.Equal((0, 1, 2), (tokenizer.PadId, tokenizer.EndId, tokenizer.UnknownId));
        Assert.Equal(tokenizer.PieceCount + 100, tokenizer.VocabularySize);
        Assert.Single(tokenizer.Encode("the"));
        Assert.Equal("the garden walked", tokenizer.Decode(tokenizer.Encode("the  garden walked")));
    }

    [Fact]
    public void No_piece_joins_words_scripts_or_numbers()
    {
        var tokenizer = Train(Enumerable.Repeat("ab ab12ab вab ab.ab a\u0301b", 50), 30, characterCoverage: 1);

        for (var id = 3; id < tokenizer.PieceCount; id++)
        {
            var piece = tokenizer.Decode([3, id])[tokenizer.Decode([3]).Length..].Trim();
            Assert.False(
                piece.Any(char.IsDigit) && piece.Any(char.IsLetter) || piece.Contains('в') && piece.Length > 1
                || piece.Trim().Contains(' ') || piece.Contains('.') && piece.Length > 1,
                piece);
        }
    }

    [Fact]
    public void A_vocabulary_is_as_large_as_asked_for_where_the_text_allows() =>
        Assert.Equal(34, Train(Sentences(500), 34).PieceCount);

    [Fact]
    public void A_text_that_holds_less_gives_fewer_pieces() =>
        Assert.InRange(Train(["ab ab", "abc"], 1000).PieceCount, 3 + 4, 20);

    [Fact]
    public void Equal_texts_give_equal_vocabularies()
    {
        static byte[] TrainOnce()
        {
            var folder = Directory.CreateTempSubdirectory("trained").FullName;
            Train(Sentences(300), 50).Save(folder);
            var bytes = File.ReadAllBytes(Path.Combine(folder, "spiece.model"));
            Directory.Delete(folder, recursive: true);
            return bytes;
        }

        Assert.Equal(TrainOnce(), TrainOnce());
    }

    [Fact]
    public void Marks_written_out_in_the_text_are_not_learned()
    {
        var tokenizer = Train(Enumerable.Repeat("ab</s>ab <extra_id_3>", 100), 40);

        Assert.Equal([tokenizer.UnknownId], tokenizer.Encode("<").Where(id => id == tokenizer.UnknownId));
    }

    [Fact]
    public void Characters_that_are_too_rare_stay_unknown()
    {
        var tokenizer = Train([.. Enumerable.Repeat("abc abd", 1000), "aṩc"], 40);

        Assert.Contains(tokenizer.UnknownId, tokenizer.Encode("ṩ"));
        Assert.DoesNotContain(tokenizer.UnknownId, tokenizer.Encode("ad"));
    }

    [Fact]
    public void White_space_controls_and_forms_of_one_letter_are_made_equal()
    {
        var tokenizer = Train(Enumerable.Repeat("fine café AB", 20), 40);

        Assert.Equal(
            tokenizer.Encode("fine café AB"), tokenizer.Encode("\uFB01ne\n\u00A0cafe\u0301\u0001\u3000ＡＢ\u200B"));
    }

    [Fact]
    public void Nothing_to_learn_from_is_said() =>
        Assert.Contains("nothing but white space", Assert.Throws<StepDistillException>(
            () => Train(["", " \n"], 100)).Message, StringComparison.Ordinal);

    [Fact]
    public void Too_small_a_vocabulary_is_said_with_the_smallest_that_will_do()
    {
        var fault = Assert.Throws<StepDistillException>(() => Train(["abcdef"], 9));

        Assert.Contains("at least 10 pieces", fault.Message, StringComparison.Ordinal);
        Assert.Equal(10, Train(["abcdef"], 10).PieceCount);
    }

    [Fact]
    public void Any_text_can_be_trained_on() =>
        Gen.Char.Array[1, 30].Select(letters => new string(letters)).Array[1, 5].Sample(
            texts =>
            {
                try
                {
                    var tokenizer = Train(texts, 200, characterCoverage: 1);
                    var text = texts[0].Replace("\0", "", StringComparison.Ordinal);
                    Assert.DoesNotContain(tokenizer.UnknownId, tokenizer.Encode(text));
                }
                catch (StepDistillException)
                {
                }
            },
            iter: 200);

    [Theory]
    [InlineData(1, -0.57721566490153286)]
    [InlineData(0.5, -1.9635100260214235)]
    [InlineData(10, 2.2517525890667211)]
    [InlineData(1e6, 13.815510057964191)]
    public void Digamma_has_its_known_values(double x, double value) =>
        Assert.Equal(value, UnigramTrainer.Digamma(x), 1e-9);

    [Fact]
    public void Seeds_are_the_substrings_that_occur_at_least_twice()
    {
        var text = TrainingText.Read(
            ["ab abc ab", "xabc"],
            new TextNormalizer(new NormalizerRules()),
            coverage: 1,
            TestContext.Current.CancellationToken);

        var seeds = SeedPieces.Find(text, TestContext.Current.CancellationToken)
            .Where(seed => seed.Text.Length > 1).Select(seed => seed.Text);

        // After "▁a" there is always "b", so the longer one stands for both; "▁abc" and "▁x" occur once.
        Assert.Equal(["ab", "abc", "bc", "▁ab"], seeds.Order(StringComparer.Ordinal));
    }

    private static Tokenizer Train(IEnumerable<string> texts, int vocabulary, double characterCoverage = 0.9995) =>
        UnigramTrainer.Train(texts, vocabulary, characterCoverage, TestContext.Current.CancellationToken);

    private static IEnumerable<string> Sentences(int count)
    {
        var state = 7u;
        for (var i = 0; i < count; i++)
        {
            var sentence = new StringBuilder();
            for (var word = 0; word < 8; word++)
            {
                state = (state * 1664525) + 1013904223;
                sentence.Append(Words[(state >> 16) % Words.Length]).Append(' ');
            }

            yield return sentence.ToString();
        }
    }
}
