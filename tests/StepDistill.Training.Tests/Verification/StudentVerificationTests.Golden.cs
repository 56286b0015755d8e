using StepDistill.Training.Verification;

namespace StepDistill.Training.Tests.Verification;

// Numbers that Hugging Face's T5 and the paper's own trainer computed on small random networks.
public sealed partial class StudentVerificationTests
{
    [Theory]
    [InlineData("v1_1", "model.safetensors")]
    [InlineData("v1_1", "pytorch_model.bin")]
    [InlineData("v1_1", "pytorch_model.legacy.bin")]
    [InlineData("v1_1", "pytorch_model.half.bin")]
    [InlineData("v1_0", "model.safetensors")]
    [InlineData("v1_0", "model.dedup.safetensors")]
    [InlineData("v1_0", "pytorch_model.bin")]
    [InlineData("v1_0", "pytorch_model.legacy.bin")]
    [InlineData("v1_0", "pytorch_model.half.bin")]
    public void Every_check_passes_against_the_published_program(string name, string weights)
    {
        var reference = Shared.Path($"golden/{name}");

        var result = StudentVerification.Run(
            Path.Combine(reference, weights), reference, TestContext.Current.CancellationToken);

        Assert.NotEmpty(result.Checks);
        Assert.All(result.Checks, check => Assert.True(check.Passed, check.ToString()));
    }
}
