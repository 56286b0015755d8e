using CsCheck;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed partial class TokenizerTests
{
    private const int Space = 3, A = 4, B = 5, Ab = 6, SpaceA = 7, SpaceAb = 8, Unknown = 2, End = 1;

    [Fact]
    public void The_most_probable_cut_wins() =>
        Assert.Equal([SpaceAb, Ab], TinyVocabulary.Tokenizer().Encode("abab"));

    [Fact]
    public void White_space_is_trimmed_and_runs_of_it_are_one() =>
        Assert.Equal([SpaceA, Space, B], TinyVocabulary.Tokenizer().Encode("  a   b "));

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    public void Nothing_gives_no_ids(string text) => Assert.Empty(TinyVocabulary.Tokenizer().Encode(text));

    [Fact]
    public void A_run_of_unknown_characters_is_one_id() =>
        Assert.Equal([SpaceA, Unknown, B, Unknown], TinyVocabulary.Tokenizer().Encode("axyzbq"));

    [Fact]
    public void Half_a_surrogate_pair_is_an_unknown_character() =>
        Assert.Equal([SpaceA, Unknown, B], TinyVocabulary.Tokenizer().Encode("a\uD800b"));

    [Fact]
    public void A_user_defined_piece_beats_every_other_cut() =>
        Assert.Equal(
            [SpaceA, TinyVocabulary.Pieces, A],
            TinyVocabulary.Tokenizer(TinyVocabulary.Piece("bab", 0, PieceKind.UserDefined)).Encode("ababa"));

    [Fact]
    public void An_unused_piece_is_never_chosen() =>
        Assert.Equal(
            [SpaceAb, Ab],
            TinyVocabulary.Tokenizer(TinyVocabulary.Piece("▁abab", -1, PieceKind.Unused)).Encode("abab"));

    [Fact]
    public void Unknown_characters_fall_back_to_bytes_where_the_model_says_so()
    {
        var bytes = Enumerable.Range(0, 256)
            .Select(value => TinyVocabulary.Piece($"<0x{value:X2}>", 0, PieceKind.Byte)).ToArray();
        var tokenizer = new Tokenizer(TinyVocabulary.Model(bytes) with { ByteFallback = true }, new SpecialNames());

        var ids = tokenizer.Encode("a€");

        Assert.Equal([SpaceA, .. "€"u8.ToArray().Select(value => TinyVocabulary.Pieces + value)], ids);
        Assert.Equal("a€", tokenizer.Decode(ids));
        Assert.Equal("a\uFFFDb", tokenizer.Decode([SpaceA, TinyVocabulary.Pieces + 0xE2, B]));
    }

    [Fact]
    public void White_space_may_stand_at_the_end_of_words() =>
        Assert.Equal(
            [Ab, Space],
            new Tokenizer(TinyVocabulary.Model() with { TreatWhitespaceAsSuffix = true }, new SpecialNames())
                .Encode("ab"));

    [Fact]
    public void White_space_may_be_left_as_it_is() =>
        Assert.Equal(
            [A, Space, Space, B, Space],
            new Tokenizer(
                TinyVocabulary.Model() with
                {
                    Normalizer = new() { AddDummyPrefix = false, RemoveExtraWhitespaces = false },
                },
                new SpecialNames()).Encode("a  b "));

    [Fact]
    public void The_first_sentinel_has_the_highest_id()
    {
        var tokenizer = TinyVocabulary.Tokenizer();

        Assert.Equal(TinyVocabulary.Pieces + 100, tokenizer.VocabularySize);
        Assert.Equal([TinyVocabulary.Pieces + 99], tokenizer.EncodeMarked("<extra_id_0>"));
        Assert.Equal([TinyVocabulary.Pieces], tokenizer.EncodeMarked("<extra_id_99>"));
        Assert.Equal((0, 1, 2), (tokenizer.PadId, tokenizer.EndId, tokenizer.UnknownId));
    }

    [Fact]
    public void Marks_written_out_become_ids_and_each_part_starts_anew() =>
        Assert.Equal(
            [SpaceAb, End, SpaceA, End, End, SpaceA],
            TinyVocabulary.Tokenizer().EncodeMarked("ab </s>\n\ta</s> </s>a"));

    [Fact]
    public void Marks_written_out_are_plain_text_to_SentencePiece() =>
        Assert.DoesNotContain(End, TinyVocabulary.Tokenizer().Encode("ab</s>a"));

    [Fact]
    public void A_mark_without_a_piece_gets_an_id_of_its_own()
    {
        var model = TinyVocabulary.Model();
        var tokenizer = new Tokenizer(
            model with { Pieces = [.. model.Pieces.Skip(1)] },
            new SpecialNames { Sentinels = 2, Others = ["<why>"] });

        Assert.Equal(TinyVocabulary.Pieces - 1 + 2 + 2, tokenizer.VocabularySize);
        Assert.Equal([tokenizer.PadId, tokenizer.PadId + 1], tokenizer.EncodeMarked("<pad><why>"));
    }

    [Fact]
    public void Decoding_leaves_out_marks_and_ids_that_do_not_exist() =>
        Assert.Equal("ab a", TinyVocabulary.Tokenizer().Decode([0, SpaceAb, Unknown, -1, 5000, SpaceA, End, 0, 0]));

    [Fact]
    public void Decoding_undoes_encoding()
    {
        var tokenizer = TinyVocabulary.Tokenizer();
        Gen.Char["ab1é "].Array[0, 40].Sample(letters =>
        {
            var text = string.Join(' ', new string(letters).Split(' ', StringSplitOptions.RemoveEmptyEntries));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        });
    }

    [Fact]
    public void Any_text_can_be_encoded()
    {
        var tokenizer = TinyVocabulary.Tokenizer();
        Gen.Char.Array[0, 60].Select(letters => new string(letters)).Sample(text =>
        {
            Assert.All(tokenizer.EncodeMarked(text), id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
        });
        Assert.Equal(1_000_001, tokenizer.Encode(new string('b', 1_000_000)).Length);
    }

    [Fact]
    public void Any_numbers_can_be_decoded() =>
        Gen.Int.Array.Sample(ids => Assert.NotNull(TinyVocabulary.Tokenizer().Decode(ids)));
}
