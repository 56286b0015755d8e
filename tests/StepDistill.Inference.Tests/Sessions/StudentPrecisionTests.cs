using StepDistill.Inference.Sessions;

namespace StepDistill.Inference.Tests.Sessions;

public sealed class StudentPrecisionTests
{
    [Theory]
    [InlineData("float32", "onnx/encoder_model.mapped.onnx", "onnx/decoder_model_merged.mapped.onnx")]
    [InlineData("int8", "onnx/encoder_model_quantized.mapped.onnx", "onnx/decoder_model_merged_quantized.mapped.onnx")]
    [InlineData("int8+q4", "onnx/encoder_model_quantized.mapped.onnx", "onnx/decoder_model_merged_q4.mapped.onnx")]
    [InlineData("q8", "onnx/encoder_model_int8.mapped.onnx", "onnx/decoder_model_merged_int8.mapped.onnx")]
    public void A_precision_names_two_files_and_itself(string text, string encoder, string decoder)
    {
        var precision = StudentPrecision.Parse(text);

        Assert.Equal((encoder, decoder, text), (precision.EncoderFile, precision.DecoderFile, precision.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("int8+")]
    [InlineData("int8+q4+q4")]
    [InlineData("INT8")]
    public void Another_word_is_refused_with_those_that_are_known(string text)
    {
        var fault = Assert.Throws<StepDistillException>(() => StudentPrecision.Parse(text));

        Assert.Contains($"'{text}'. Known are float32, int8, q8, q4", fault.Message, StringComparison.Ordinal);
    }
}
