using StepDistill.Students;

namespace StepDistill.Inference.Sessions;

/// <summary>Which of an exported student's files are used: in which numbers encoder and decoder compute.</summary>
/// <param name="Encoder">One of <see cref="StudentGraphs.Precisions"/>.</param>
/// <param name="Decoder">One of <see cref="StudentGraphs.Precisions"/>.</param>
public readonly record struct StudentPrecision(string Encoder, string Decoder)
{
    /// <summary>Reads <c>int8</c>, or <c>int8+q4</c> for a decoder that differs.</summary>
    /// <param name="text">One or two of <see cref="StudentGraphs.Precisions"/>.</param>
    /// <exception cref="StepDistillException">It is something else.</exception>
    public static StudentPrecision Parse(string text) => IsKnown(text)
        ? new(text.Split('+')[0], text.Split('+')[^1])
        : throw new StepDistillException(
            $"There is no precision '{text}'. Known are {string.Join(", ", StudentGraphs.Precisions)}, and two of them with a plus between, for encoder and decoder.");

    /// <summary>Whether <see cref="Parse"/> reads it.</summary>
    /// <param name="text">Any text.</param>
    public static bool IsKnown(string text) => text.Split('+') is { Length: <= 2 } parts && parts.All(StudentGraphs.Precisions.Contains);

    /// <summary>The graph of the encoder in a student's folder.</summary>
    public string EncoderFile => StudentGraphs.PathOf(StudentGraphs.Encoder, Encoder, mapped: true);

    /// <summary>The graph of the decoder in a student's folder.</summary>
    public string DecoderFile => StudentGraphs.PathOf(StudentGraphs.Decoder, Decoder, mapped: true);

    /// <summary>Bytes of the two files with the weights.</summary>
    /// <param name="folder">The student's folder.</param>
    public long BytesIn(string folder) =>
        new[] { StudentGraphs.PathOf(StudentGraphs.Encoder, Encoder), StudentGraphs.PathOf(StudentGraphs.Decoder, Decoder) }
            .Select(file => Path.Combine(folder, file))
            .Sum(file => LengthOf(file) + LengthOf(file + "_data"));

    /// <inheritdoc/>
    public override string ToString() => Encoder == Decoder ? Encoder : $"{Encoder}+{Decoder}";

    private static long LengthOf(string file) => new FileInfo(file) is { Exists: true, Length: var length } ? length : 0;
}
