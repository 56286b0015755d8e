using System.Text;

namespace StepDistill.Tokenizers;

/// <summary>Turns text into the ids that a T5 student reads, and ids back into text.</summary>
/// <remarks>
/// A SentencePiece Unigram vocabulary with the marks that Hugging Face's T5 tokenizer puts around it. Encoding equals
/// SentencePiece 0.1.97, id for id. Any text can be encoded: half surrogate pairs count as U+FFFD, and time and memory
/// grow linearly with the text. Safe for concurrent use.
/// </remarks>
public sealed class Tokenizer
{
    private readonly SentencePieceModel model;
    private readonly SpecialPieces specials;
    private readonly TextNormalizer normalizer;
    private readonly TextNormalizer? denormalizer;
    private readonly UnigramEncoder encoder;

    /// <summary>Puts a tokenizer together.</summary>
    /// <exception cref="InvalidDataException">The model is not usable; the message says what was found.</exception>
    internal Tokenizer(SentencePieceModel model, SpecialNames names)
    {
        model.Check();
        this.model = model;
        specials = new SpecialPieces(model, names);
        var protectedText = model.Pieces
            .Where(piece => piece.Kind == PieceKind.UserDefined && !piece.Text.Contains((byte)0))
            .Select(piece => KeyValuePair.Create(piece.Text, 0)).ToArray();
        normalizer = new TextNormalizer(
            model.Normalizer,
            protectedText.Length == 0 ? null : DoubleArray.Build(protectedText),
            model.TreatWhitespaceAsSuffix);
        denormalizer = model.Denormalizer is { CharacterMap.Length: > 0 } rules ? new TextNormalizer(rules) : null;
        encoder = new UnigramEncoder(model);
    }

    /// <summary>Number of ids, sentinels included: every id is below it.</summary>
    public int VocabularySize => specials.VocabularySize;

    /// <summary>Number of the vocabulary's own pieces: ids from here on are sentinels and other added marks.</summary>
    public int PieceCount => model.Pieces.Count;

    /// <summary>Id of padding (<c>&lt;pad&gt;</c>).</summary>
    public int PadId => specials.PadId;

    /// <summary>Id of the end mark (<c>&lt;/s&gt;</c>).</summary>
    public int EndId => specials.EndId;

    /// <summary>Id that stands for what the vocabulary does not cover (<c>&lt;unk&gt;</c>).</summary>
    public int UnknownId => specials.UnknownId;

    /// <summary>Every mark, such as <c>&lt;/s&gt;</c> and <c>&lt;extra_id_0&gt;</c>, with its id.</summary>
    internal IReadOnlyDictionary<string, int> Marks => specials.Ids;

    /// <summary>Loads a tokenizer.</summary>
    /// <param name="path">
    /// A <c>spiece.model</c>, a <c>tokenizer.json</c>, or a folder that holds either (the former counts where both are
    /// there). Names of marks and, for a <c>spiece.model</c>, the number of sentinels come from
    /// <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c> beside it, where they are there.
    /// </param>
    /// <exception cref="StepDistillException">
    /// There is no tokenizer at the path, or what is there is damaged or of another kind.
    /// </exception>
    public static Tokenizer Load(string path) => TokenizerFiles.Load(path);

    /// <summary>
    /// Writes the tokenizer as Hugging Face's programs read it: <c>spiece.model</c>, <c>tokenizer.json</c>,
    /// <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c>.
    /// </summary>
    /// <remarks>
    /// A <c>spiece.model</c> that was loaded is written again byte for byte. <c>tokenizer.json</c> is left out for the
    /// rare model that it cannot express: white space at the end of words, or not written as U+2581.
    /// </remarks>
    /// <param name="folder">Where the files shall be; made where it is missing.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Save(string folder) => TokenizerFiles.Save(folder, model, specials);

    /// <summary>
    /// Encodes a text as SentencePiece does: marks written out in it are ordinary text, and no end mark is added.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <returns>The ids; empty where nothing is left after normalisation.</returns>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>((text.Length / 3) + 1);
        Encode(text, ids);
        return [.. ids];
    }

    /// <summary>
    /// Encodes a text as Hugging Face's T5 tokenizer does: marks written out in it, such as <c>&lt;/s&gt;</c>, become
    /// their own ids, and the text between them is encoded piece by piece. No end mark is added.
    /// </summary>
    /// <remarks>
    /// As the slow tokenizer of transformers 4.24: at each place the longest mark wins, and white space next to a mark
    /// is dropped.
    /// </remarks>
    /// <param name="text">Any text.</param>
    /// <returns>The ids.</returns>
    public int[] EncodeMarked(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>((text.Length / 3) + 1);
        var rest = text.AsSpan();
        var afterMark = false;
        while (true)
        {
            var start = specials.Find(rest, out var length, out var id);
            var between = start < 0 ? rest : rest[..start];
            Encode(SpecialPieces.Trim(between, start: afterMark, end: start >= 0), ids);
            if (start < 0)
            {
                return [.. ids];
            }

            ids.Add(id);
            afterMark = true;
            rest = rest[(start + length)..];
        }
    }

    /// <summary>
    /// Turns ids into text as Hugging Face's <c>decode(ids, skip_special_tokens=True)</c> does for a T5.
    /// </summary>
    /// <remarks>
    /// Marks are left out, the unknown included, and so are ids outside the vocabulary; white space around the whole is
    /// dropped. Unlike that function's default in older versions, nothing is done to white space before punctuation.
    /// </remarks>
    /// <param name="ids">Any numbers.</param>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new ByteBuffer(Math.Max(16, 4 * ids.Length));
        var bytes = new ByteBuffer(16);
        try
        {
            // White space at the start stands for the extra one that normalising put there.
            var atStart = true;
            var droppedSpace = false;
            foreach (var id in ids)
            {
                if (id < 0 || id >= model.Pieces.Count || specials.Contains(id))
                {
                    continue;
                }

                var (piece, _, kind) = model.Pieces[id];
                if (kind == PieceKind.Byte)
                {
                    bytes.Append((byte)ByteText.ByteOf(piece));
                    continue;
                }

                AppendBytes(ref text, ref bytes);
                atStart &= !droppedSpace && text.Length == 0;
                droppedSpace = kind != PieceKind.Control && Append(piece, atStart, ref text);
            }

            AppendBytes(ref text, ref bytes);
            return Finish(text.Written);
        }
        finally
        {
            text.Dispose();
            bytes.Dispose();
        }
    }

    // Returns whether the one extra white space has been dropped, so that no other may be.
    private bool Append(ReadOnlySpan<byte> piece, bool atStart, ref ByteBuffer text)
    {
        var dropped = false;
        if (atStart && (model.Normalizer.AddDummyPrefix || model.Normalizer.RemoveExtraWhitespaces)
            && piece.StartsWith(ByteText.Space))
        {
            piece = piece[ByteText.Space.Length..];
            dropped = !model.Normalizer.RemoveExtraWhitespaces;
        }

        for (var space = piece.IndexOf(ByteText.Space); space >= 0; space = piece.IndexOf(ByteText.Space))
        {
            text.Append(piece[..space]);
            text.Append((byte)' ');
            piece = piece[(space + ByteText.Space.Length)..];
        }

        text.Append(piece);
        return dropped;
    }

    // Bytes that pieces stand for, as characters; each byte that belongs to none becomes U+FFFD.
    private static void AppendBytes(ref ByteBuffer text, ref ByteBuffer bytes)
    {
        for (var rest = bytes.Written; !rest.IsEmpty;)
        {
            var length = ByteText.ValidLength(rest);
            text.Append(length > 0 ? rest[..length] : ByteText.Replacement);
            rest = rest[Math.Max(1, length)..];
        }

        bytes.Cut(0);
    }

    private string Finish(ReadOnlySpan<byte> text)
    {
        if (denormalizer is null)
        {
            return SpecialPieces.Trim(Encoding.UTF8.GetString(text), start: true, end: true).ToString();
        }

        var denormalized = new ByteBuffer(text.Length + 16);
        try
        {
            denormalizer.Normalize(text, ref denormalized);
            return SpecialPieces.Trim(Encoding.UTF8.GetString(denormalized.Written), start: true, end: true).ToString();
        }
        finally
        {
            denormalized.Dispose();
        }
    }

    private void Encode(ReadOnlySpan<char> text, List<int> ids)
    {
        var bytes = new ByteBuffer(Encoding.UTF8.GetByteCount(text) + 1);
        var normalized = new ByteBuffer(text.Length + 16);
        try
        {
            bytes.Append(text);
            normalizer.Normalize(bytes.Written, ref normalized);
            encoder.Encode(normalized.Written, ids);
        }
        finally
        {
            bytes.Dispose();
            normalized.Dispose();
        }
    }
}
