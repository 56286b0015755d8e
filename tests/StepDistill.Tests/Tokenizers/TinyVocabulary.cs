using System.Text;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

/// <summary>A vocabulary small enough to work out by hand what it does.</summary>
internal static class TinyVocabulary
{
    public const int Pieces = 12;

    public static SentencePieceModel Model(params Piece[] more) => new()
    {
        Pieces =
        [
            Piece("<pad>", 0, PieceKind.Control),
            Piece("</s>", 0, PieceKind.Control),
            Piece("<unk>", 0, PieceKind.Unknown),
            Piece("▁", -3),
            Piece("a", -4),
            Piece("b", -4),
            Piece("ab", -5),
            Piece("▁a", -4.5f),
            Piece("▁ab", -6),
            Piece("é", -7),
            Piece("ba", -9),
            Piece("1", -5),
            .. more,
        ],
    };

    public static Piece Piece(string text, float score, PieceKind kind = PieceKind.Normal) =>
        new(Encoding.UTF8.GetBytes(text), score, kind);

    public static Tokenizer Tokenizer(params Piece[] more) => new(Model(more), new SpecialNames());
}
