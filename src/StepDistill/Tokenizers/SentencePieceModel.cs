using System.Text;

namespace StepDistill.Tokenizers;

/// <summary>
/// What a piece of a SentencePiece vocabulary is for; the numbers are those of <c>sentencepiece_model.proto</c>.
/// </summary>
internal enum PieceKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>One entry of the vocabulary; its id is its place in the list.</summary>
/// <param name="Text">UTF-8; white space is written as U+2581.</param>
/// <param name="Score">Natural logarithm of the piece's probability.</param>
/// <param name="Kind">What the piece is for.</param>
internal readonly record struct Piece(byte[] Text, float Score, PieceKind Kind);

/// <summary>How text is normalised before it is cut into pieces (<c>NormalizerSpec</c>).</summary>
internal sealed record NormalizerRules
{
    public string Name { get; init; } = "";

    /// <summary>
    /// Compiled character map, see <see cref="CharacterMap"/>; empty where characters stay as they are.
    /// </summary>
    public byte[] CharacterMap { get; init; } = [];

    public bool AddDummyPrefix { get; init; } = true;

    public bool RemoveExtraWhitespaces { get; init; } = true;

    public bool EscapeWhitespaces { get; init; } = true;
}

/// <summary>The content of a <c>spiece.model</c> as far as encoding and decoding depend on it.</summary>
/// <remarks>Format: google/sentencepiece, <c>src/sentencepiece_model.proto</c>.</remarks>
internal sealed record SentencePieceModel
{
    // Real pieces have some dozen bytes; encoding takes time by the longest.
    private const int LongestPiece = 4096;

    public required IReadOnlyList<Piece> Pieces { get; init; }

    public NormalizerRules Normalizer { get; init; } = new();

    /// <summary>Applied to decoded text, where its character map is not empty.</summary>
    public NormalizerRules? Denormalizer { get; init; }

    public bool TreatWhitespaceAsSuffix { get; init; }

    public bool ByteFallback { get; init; }

    /// <summary>The file that the model was read from, byte for byte; null where it was made otherwise.</summary>
    public byte[]? Source { get; init; }

    /// <summary>Reads a model; <see cref="Check"/> says whether it is usable.</summary>
    /// <exception cref="InvalidDataException">The bytes are no Unigram model; the message says what was
    /// found.</exception>
    public static SentencePieceModel Parse(ReadOnlySpan<byte> bytes)
    {
        var pieces = new List<Piece>();
        var model = new SentencePieceModel { Pieces = pieces };
        var modelType = 1L;
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1 when reader.TryBytes(out var piece):
                    pieces.Add(ParsePiece(piece));
                    break;
                case 2 when reader.TryBytes(out var trainer):
                    model = ParseTrainer(trainer, model, ref modelType);
                    break;
                case 3 when reader.TryBytes(out var rules):
                    model = model with { Normalizer = ParseRules(rules, model.Normalizer) };
                    break;
                case 5 when reader.TryBytes(out var rules):
                    model = model with { Denormalizer = ParseRules(rules, model.Denormalizer ?? new()) };
                    break;
                case not (1 or 2 or 3 or 5):
                    reader.Skip();
                    break;
            }
        }

        if (modelType != 1)
        {
            var name = modelType switch { 2 => "BPE", 3 => "word", 4 => "character", _ => $"type {modelType}" };
            throw new InvalidDataException($"it holds a {name} model, and only Unigram models can be read");
        }

        return model with { Source = bytes.ToArray() };
    }

    /// <summary>The model as a file that SentencePiece reads: <see cref="Source"/> where there is one.</summary>
    /// <param name="padId">Id of padding, for readers that look for it in the training settings.</param>
    /// <param name="endId">Id of the end mark, likewise.</param>
    public byte[] ToBytes(int padId, int endId)
    {
        if (Source is not null)
        {
            return Source;
        }

        var file = new ProtobufWriter();
        var unknownId = 0;
        for (var id = 0; id < Pieces.Count; id++)
        {
            var (text, score, kind) = Pieces[id];
            unknownId = kind == PieceKind.Unknown ? id : unknownId;
            var piece = new ProtobufWriter().Bytes(1, text).Float(2, score);
            file.Bytes(1, (kind == PieceKind.Normal ? piece : piece.Number(3, (int)kind)).ToArray());
        }

        var trainer = new ProtobufWriter()
            .Number(3, 1)
            .Number(4, Pieces.Count)
            .Flag(24, TreatWhitespaceAsSuffix)
            .Flag(35, ByteFallback)
            .Number(40, unknownId)
            .Number(41, -1)
            .Number(42, endId < Pieces.Count ? endId : -1)
            .Number(43, padId < Pieces.Count ? padId : -1);
        file.Bytes(2, trainer.ToArray()).Bytes(3, Write(Normalizer));
        return (Denormalizer is null ? file : file.Bytes(5, Write(Denormalizer))).ToArray();
    }

    /// <summary>
    /// Makes sure that every rule holds on which encoding relies: SentencePiece's own, and bounds on sizes.
    /// </summary>
    /// <exception cref="InvalidDataException">A rule is broken.</exception>
    public void Check()
    {
        if (Pieces.Count == 0)
        {
            throw new InvalidDataException("it holds no pieces");
        }

        var matched = new HashSet<byte[]>(ByteText.Comparer);
        var reserved = new HashSet<byte[]>(ByteText.Comparer);
        var unknown = 0;
        var bytes = 0;
        for (var id = 0; id < Pieces.Count; id++)
        {
            var (text, score, kind) = Pieces[id];
            if (text.Length > LongestPiece)
            {
                throw new InvalidDataException($"piece {id} has {text.Length} bytes; at most {LongestPiece} are read");
            }

            if (text.Length == 0 || !float.IsFinite(score))
            {
                throw new InvalidDataException(
                    text.Length == 0
                        ? $"piece {id} is empty"
                        : $"piece {id}, '{ByteText.Show(text)}', has the score {score}");
            }

            if (!(kind is PieceKind.Normal or PieceKind.UserDefined or PieceKind.Unused ? matched : reserved).Add(text))
            {
                throw new InvalidDataException($"piece {id}, '{ByteText.Show(text)}', is there twice");
            }

            unknown += kind == PieceKind.Unknown ? 1 : 0;
            if (kind == PieceKind.Byte)
            {
                bytes++;
                if (!ByteFallback || ByteText.ByteOf(text) < 0)
                {
                    throw new InvalidDataException(
                        $"piece {id}, '{ByteText.Show(text)}', stands for a byte, which "
                        + (ByteFallback ? "is written <0x00> to <0xFF>" : "needs byte_fallback, and that is off"));
                }
            }
        }

        if (unknown != 1)
        {
            throw new InvalidDataException($"it has {unknown} pieces for the unknown, and exactly 1 is needed");
        }

        if (ByteFallback && bytes != 256)
        {
            throw new InvalidDataException($"byte_fallback is on, but {bytes} pieces stand for bytes instead of 256");
        }
    }

    private static Piece ParsePiece(ReadOnlySpan<byte> message)
    {
        byte[] text = [];
        var score = 0f;
        var kind = PieceKind.Normal;
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1 when reader.TryBytes(out var value):
                    text = value.ToArray();
                    break;
                case 2 when reader.TryFloat(out var value):
                    score = value;
                    break;
                case 3 when reader.TryNumber(out var value):
                    // Protobuf keeps a value that the enumeration lacks apart: the field stays as it was.
                    kind = value is >= 1 and <= 6 ? (PieceKind)value : kind;
                    break;
                case not (1 or 2 or 3):
                    reader.Skip();
                    break;
            }
        }

        return new Piece(text, score, kind);
    }

    private static SentencePieceModel ParseTrainer(ReadOnlySpan<byte> message, SentencePieceModel model, ref long type)
    {
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 3 when reader.TryNumber(out var value):
                    type = value is >= 1 and <= 4 ? value : type;
                    break;
                case 24 when reader.TryNumber(out var value):
                    model = model with { TreatWhitespaceAsSuffix = value != 0 };
                    break;
                case 35 when reader.TryNumber(out var value):
                    model = model with { ByteFallback = value != 0 };
                    break;
                case not (3 or 24 or 35):
                    reader.Skip();
                    break;
            }
        }

        return model;
    }

    private static byte[] Write(NormalizerRules rules) => new ProtobufWriter()
        .Bytes(1, Encoding.UTF8.GetBytes(rules.Name))
        .Bytes(2, rules.CharacterMap)
        .Flag(3, rules.AddDummyPrefix)
        .Flag(4, rules.RemoveExtraWhitespaces)
        .Flag(5, rules.EscapeWhitespaces)
        .ToArray();

    private static NormalizerRules ParseRules(ReadOnlySpan<byte> message, NormalizerRules rules)
    {
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1 when reader.TryBytes(out var value):
                    rules = rules with { Name = Encoding.UTF8.GetString(value) };
                    break;
                case 2 when reader.TryBytes(out var value):
                    rules = rules with { CharacterMap = value.ToArray() };
                    break;
                case 3 when reader.TryNumber(out var value):
                    rules = rules with { AddDummyPrefix = value != 0 };
                    break;
                case 4 when reader.TryNumber(out var value):
                    rules = rules with { RemoveExtraWhitespaces = value != 0 };
                    break;
                case 5 when reader.TryNumber(out var value):
                    rules = rules with { EscapeWhitespaces = value != 0 };
                    break;
                case not (1 or 2 or 3 or 4 or 5):
                    reader.Skip();
                    break;
            }
        }

        return rules;
    }
}
