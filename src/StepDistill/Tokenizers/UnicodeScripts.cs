using System.Globalization;

namespace StepDistill.Tokenizers;

/// <summary>Tells letters of different writing systems apart, so that no trained piece mixes them.</summary>
/// <remarks>
/// SentencePiece looks every character up in Unicode's Scripts.txt; here the general category and the place of a
/// character's block decide, which agrees on letters and digits and is a page instead of two thousand lines. Digits,
/// signs and symbols are <see cref="Shared"/>, so a piece never joins a number to a word either.
/// </remarks>
internal static class UnicodeScripts
{
    /// <summary>Digits, signs and symbols, which belong to no writing system (Unicode's Common).</summary>
    public const int Shared = -1;

    /// <summary>Marks that belong to whatever they stand on (Unicode's Inherited).</summary>
    public const int OfItsBase = -2;

    private const int Han = 0x4E00;

    // First code point of each run of blocks with one script; the code point also names the script.
    private static readonly int[] Starts =
    [
        0x0041, // Latin
        0x0370, // Greek
        0x0400, // Cyrillic
        0x0530, // Armenian
        0x0590, // Hebrew
        0x0600, // Arabic
        0x0700, // Syriac
        0x0750, // Arabic again
        0x0780, // Thaana
        0x07C0, // Nko
        0x0800, // Samaritan, Mandaic
        0x0860, // Arabic again
        0x0900, // Devanagari
        0x0980, // Bengali
        0x0A00, // Gurmukhi
        0x0A80, // Gujarati
        0x0B00, // Oriya
        0x0B80, // Tamil
        0x0C00, // Telugu
        0x0C80, // Kannada
        0x0D00, // Malayalam
        0x0D80, // Sinhala
        0x0E00, // Thai
        0x0E80, // Lao
        0x0F00, // Tibetan
        0x1000, // Myanmar
        0x10A0, // Georgian
        0x1100, // Hangul
        0x1200, // Ethiopic
        0x13A0, // Cherokee
        0x1400, // Canadian syllabics
        0x1680, // Ogham
        0x16A0, // Runic
        0x1700, // Philippine scripts
        0x1780, // Khmer
        0x1800, // Mongolian
        0x1900, // Limbu and other scripts of South-East Asia
        0x1C80, // Cyrillic again
        0x1C90, // Georgian again
        0x1D00, // Latin again
        0x1F00, // Greek again
        0x2000, // Latin again: letter-like symbols
        0x2C00, // Glagolitic
        0x2C60, // Latin again
        0x2C80, // Coptic
        0x2D00, // Georgian again
        0x2D30, // Tifinagh
        0x2D80, // Ethiopic again
        0x2DE0, // Cyrillic again
        0x2E80, // Han, with Hiragana, Katakana and Bopomofo
        0x3130, // Hangul again
        0x3190, // Han again
        0xA000, // Yi
        0xA640, // Cyrillic again
        0xA6A0, // Bamum
        0xA720, // Latin again
        0xA800, // Scripts of India and South-East Asia
        0xAB30, // Latin again
        0xABC0, // Meetei Mayek
        0xAC00, // Hangul again
        0xF900, // Han again
        0xFB00, // Latin again
        0xFB13, // Armenian again
        0xFB1D, // Hebrew again
        0xFB50, // Arabic again
        0xFF21, // Latin again: full width
        0xFF66, // Han again: half-width Katakana
        0xFFA0, // Hangul again
        0x10000, // Ancient and historic scripts
        0x1B000, // Han again
        0x1B170, // Historic scripts and symbols
        0x20000, // Han again
    ];

    private static readonly Dictionary<int, int> SameAs = new()
    {
        [0x0750] = 0x0600, [0x0860] = 0x0600, [0xFB50] = 0x0600,
        [0x1C80] = 0x0400, [0x2DE0] = 0x0400, [0xA640] = 0x0400,
        [0x1C90] = 0x10A0, [0x2D00] = 0x10A0,
        [0x1D00] = 0x0041, [0x2000] = 0x0041, [0x2C60] = 0x0041, [0xA720] = 0x0041, [0xAB30] = 0x0041,
        [0xFB00] = 0x0041, [0xFF21] = 0x0041,
        [0x1F00] = 0x0370, [0x2D80] = 0x1200, [0xFB13] = 0x0530, [0xFB1D] = 0x0590,
        [0x3130] = 0x1100, [0xAC00] = 0x1100, [0xFFA0] = 0x1100,
        [0x2E80] = Han, [0x3190] = Han, [0xF900] = Han, [0xFF66] = Han, [0x1B000] = Han, [0x20000] = Han,
    };

    /// <summary>The script of a character: a number of no further meaning, or one of the two constants.</summary>
    public static int Of(int codePoint)
    {
        if (codePoint is (>= 0x300 and <= 0x36F) or (>= 0x1AB0 and <= 0x1AFF) or (>= 0x1DC0 and <= 0x1DFF)
            or 0x200D or (>= 0x20D0 and <= 0x20FF) or (>= 0xFE00 and <= 0xFE0F) or (>= 0xFE20 and <= 0xFE2F))
        {
            return OfItsBase;
        }

        if (CharUnicodeInfo.GetUnicodeCategory(codePoint) > UnicodeCategory.EnclosingMark)
        {
            // The long vowel sign counts as a letter already; everything after the marks is digits, signs and symbols.
            return Shared;
        }

        var place = Array.BinarySearch(Starts, codePoint);
        var start = Starts[Math.Max(0, place >= 0 ? place : ~place - 1)];
        return SameAs.GetValueOrDefault(start, start);
    }
}
