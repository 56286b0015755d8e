namespace StepDistill.Inference.Sessions;

/// <summary>Which of an exported student's files are used: in which numbers encoder and decoder compute.</summary>
/// <param name="Encoder">One of <see cref="Names"/>.</param>
/// <param name="Decoder">One of <see cref="Names"/>.</param>
public readonly record struct StudentPrecision(string Encoder, string Decoder)
{
    private static readonly (string Name, string Suffix)[] Suffixes =
        [("float32", ""), ("int8", "_quantized"), ("q8", "_int8"), ("q4", "_q4")];

    /// <summary>What there is: <c>float32</c>, <c>int8</c> (dynamic), <c>q8</c> and <c>q4</c> (blocks of 32 weights).</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Suffixes.Select(pair => pair.Name)];

    /// <summary>Reads <c>int8</c>, or <c>int8+q4</c> for a decoder that differs.</summary>
    /// <param name="text">One or two of <see cref="Names"/>.</param>
    /// <exception cref="StepDistillException">It is something else.</exception>
    public static StudentPrecision Parse(string text)
    {
        var parts = text.Split('+');
        return parts.Length <= 2 && parts.All(Names.Contains)
            ? new(parts[0], parts[^1])
            : throw new StepDistillException(
                $"There is no precision '{text}'. Known are {string.Join(", ", Names)}, and two of them with a plus between, for encoder and decoder.");
    }

    /// <summary>The graph of the encoder in a student's folder.</summary>
    public string EncoderFile => $"onnx/encoder_model{SuffixOf(Encoder)}.mapped.onnx";

    /// <summary>The graph of the decoder in a student's folder.</summary>
    public string DecoderFile => $"onnx/decoder_model_merged{SuffixOf(Decoder)}.mapped.onnx";

    /// <summary>What stands in a file's name for a precision: as Hugging Face's programs look for it.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static string SuffixOf(string name) => Suffixes.First(pair => pair.Name == name).Suffix;

    /// <inheritdoc/>
    public override string ToString() => Encoder == Decoder ? Encoder : $"{Encoder}+{Decoder}";
}
