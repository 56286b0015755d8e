using StepDistill.Inference.Hosting;

namespace StepDistill.Inference.Tests.Hosting;

public sealed class StudentOptionsValidationTests
{
    private static readonly StudentOptionsValidation Validation = new();

    [Fact]
    public void Options_that_open_something_else_than_a_folder_need_none() =>
        Assert.True(Validation.Validate("", new StudentOptions { Open = _ => new FakeStudent() }).Succeeded);

    [Fact]
    public void A_folder_that_exists_is_enough() =>
        Assert.True(Validation.Validate("", new StudentOptions { Folder = AppContext.BaseDirectory }).Succeeded);

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once_with_what_was_expected()
    {
        var result = Validation.Validate("tickets", new StudentOptions { Precision = "fp16", Threads = 0, MaxBatch = -1 });

        Assert.Equal(
            [
                "The student 'tickets': Folder is empty; name the folder of an exported student.",
                "The student 'tickets': Precision is 'fp16'; it must be auto, one of float32, int8, q8, q4, or two of them with a plus between.",
                "The student 'tickets': Threads is 0; it must be at least 1. Leave it out for one a core.",
                "The student 'tickets': MaxBatch is -1; it must be at least 1.",
            ],
            result.Failures);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named() => Assert.Equal(
        ["The student: Folder is '/no/such/student', and there is no such folder; name the folder of an exported student."],
        Validation.Validate("", new StudentOptions { Folder = "/no/such/student" }).Failures);

    [Theory]
    [InlineData("")]
    [InlineData("int8+")]
    [InlineData("auto+q4")]
    [InlineData("q4+q4+q4")]
    public void Nothing_else_is_a_precision(string precision) =>
        Assert.StartsWith($"The student: Precision is '{precision}'", Assert.Single(Validation.Validate("", new() { Open = _ => new FakeStudent(), Precision = precision }).Failures!), StringComparison.Ordinal);

    [Theory]
    [InlineData("auto")]
    [InlineData("float32")]
    [InlineData("int8")]
    [InlineData("q8")]
    [InlineData("q4")]
    [InlineData("int8+q4")]
    public void Each_precision_is_known(string precision) =>
        Assert.True(Validation.Validate("", new StudentOptions { Open = _ => new FakeStudent(), Precision = precision, Threads = 1, MaxBatch = 1 }).Succeeded);
}
