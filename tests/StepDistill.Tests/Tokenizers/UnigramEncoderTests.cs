using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed class UnigramEncoderTests
{
    // The two cuts of "abc" have the same scores in the other order; the 32-bit sum that is kept of the first cut lies
    // below the exact one for these scores (so the second cut seems better) or above it (so it does not).
    [Theory]
    [InlineData(-0.3f, -5.1f, new[] { 3, 4 })]
    [InlineData(-0.1f, -5.1f, new[] { 1, 2 })]
    public void A_candidate_is_compared_before_it_is_rounded(float outer, float inner, int[] expected)
    {
        var encoder = new UnigramEncoder(new SentencePieceModel
        {
            Pieces =
            [
                TinyVocabulary.Piece("<unk>", 0, PieceKind.Unknown),
                TinyVocabulary.Piece("a", outer),
                TinyVocabulary.Piece("bc", inner),
                TinyVocabulary.Piece("ab", inner),
                TinyVocabulary.Piece("c", outer),
            ],
        });
        var ids = new List<int>();

        encoder.Encode("abc"u8, ids);

        Assert.Equal(expected, ids);
    }
}
