using System.Globalization;
using System.Text;

namespace StepDistill.Tokenizers;

/// <summary>
/// The character map of trained vocabularies: odd white space, control characters and the commonest forms of one
/// letter.
/// </summary>
/// <remarks>
/// The white space and control rules of SentencePiece's nmt_nfkc, and of NFKC the part that English and other Latin
/// text needs: composed accents, full-width letters, ligatures, raised digits. Why not the whole: docs/decisions, "A
/// character map of our own".
/// </remarks>
internal static class TrainingCharacters
{
    // A combining mark, then pairs of a letter without and with it.
    private static readonly string[] Accents =
    [
        "\u0300AÀEÈIÌNǸOÒUÙaàeèiìnǹoòuù",
        "\u0301AÁCĆEÉIÍLĹNŃOÓRŔSŚUÚYÝZŹaácćeéiílĺnńoórŕsśuúyýzź",
        "\u0302AÂCĈEÊGĜHĤIÎJĴOÔSŜUÛWŴYŶaâcĉeêgĝhĥiîjĵoôsŝuûwŵyŷ",
        "\u0303AÃIĨNÑOÕUŨaãiĩnñoõuũ",
        "\u0304AĀEĒIĪOŌUŪaāeēiīoōuū",
        "\u0306AĂEĔGĞIĬOŎUŬaăeĕgğiĭoŏuŭ",
        "\u0307CĊEĖGĠIİZŻcċeėgġzż",
        "\u0308AÄEËIÏOÖUÜYŸaäeëiïoöuüyÿ",
        "\u030AAÅUŮaåuů",
        "\u030BOŐUŰoőuű",
        "\u030CCČDĎEĚNŇRŘSŠTŤZŽcčdďeěnňrřsštťzž",
        "\u0327CÇGĢKĶLĻNŅRŖSŞTŢcçgģkķlļnņrŗsştţ",
        "\u0328AĄEĘIĮUŲaąeęiįuų",
    ];

    private static readonly (string From, string To)[] Forms =
    [
        ("ﬀ", "ff"), ("ﬁ", "fi"), ("ﬂ", "fl"), ("ﬃ", "ffi"), ("ﬄ", "ffl"), ("ﬅ", "st"), ("ﬆ", "st"),
        ("Ĳ", "IJ"), ("ĳ", "ij"),
        ("…", "..."), ("‥", ".."), ("ª", "a"), ("º", "o"), ("¹", "1"), ("²", "2"), ("³", "3"), ("⁰", "0"), ("⁴", "4"),
        ("⁵", "5"), ("⁶", "6"), ("⁷", "7"), ("⁸", "8"), ("⁹", "9"), ("¼", "1⁄4"), ("½", "1⁄2"), ("¾", "3⁄4"),
        ("™", "TM"),
        ("№", "No"), ("‑", "‐"), ("µ", "μ"), ("Å", "Å"), ("K", "K"), ("Ω", "Ω"),
    ];

    /// <summary>The map as a file holds it.</summary>
    public static byte[] Map { get; } = Build();

    private static byte[] Build()
    {
        var rules = new Dictionary<byte[], byte[]>(ByteText.Comparer);
        void Add(string from, string to) => rules[Encoding.UTF8.GetBytes(from)] = Encoding.UTF8.GetBytes(to);

        for (var code = 1; code < 0x10000; code++)
        {
            if (char.IsSurrogate((char)code))
            {
                continue;
            }

            var category = CharUnicodeInfo.GetUnicodeCategory(code);
            var white = category is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
                || code is '\t' or '\n' or '\f' or '\r' or 0x200B or 0x200C or 0x200E or 0x200F or 0x2581
                    or 0xFEFF or 0xFFFD;
            if (white && code != ' ')
            {
                Add(((char)code).ToString(), " ");
            }
            else if (category == UnicodeCategory.Control)
            {
                Add(((char)code).ToString(), "");
            }
            else if (code is > 0xFF00 and < 0xFF5F)
            {
                Add(((char)code).ToString(), ((char)(code - 0xFF00 + 0x20)).ToString());
            }
        }

        foreach (var accent in Accents)
        {
            for (var pair = 1; pair < accent.Length; pair += 2)
            {
                Add($"{accent[pair]}{accent[0]}", accent[pair + 1].ToString());
            }
        }

        foreach (var (from, to) in Forms)
        {
            Add(from, to);
        }

        return CharacterMap.Compile(rules);
    }
}
