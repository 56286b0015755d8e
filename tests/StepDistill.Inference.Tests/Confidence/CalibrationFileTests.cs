using CsCheck;
using StepDistill.Inference.Confidence;

namespace StepDistill.Inference.Tests.Confidence;

public sealed class CalibrationFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("calibration");

    private static readonly StudentCalibration Sample = new()
    {
        Temperature = 1.75,
        Rows = 800,
        ErrorBefore = 0.12,
        ErrorAfter = 0.03,
        Familiarity = new([3, 7], [1, 2], 5, [0.1f, 1.4f, 2]),
    };

    [Fact]
    public void What_was_written_is_read()
    {
        CalibrationFile.Write(_folder.FullName, new Dictionary<string, StudentCalibration> { ["int8"] = Sample });

        var read = CalibrationFile.Read(_folder.FullName)!["int8"];

        Assert.Equal(Sample with { Familiarity = null }, read with { Familiarity = null });
        Assert.Equal(Sample.Familiarity!.Tokens, read.Familiarity!.Tokens);
        Assert.Equal(Sample.Familiarity.Of([3, 7, 8]), read.Familiarity.Of([3, 7, 8]));
    }

    [Fact]
    public void A_folder_without_one_has_none() => Assert.Null(CalibrationFile.Read(_folder.FullName));

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"int8":null}""")]
    [InlineData("""{"int8":{"temperature":0,"rows":1,"error_before":0,"error_after":0}}""")]
    [InlineData("""{"int8":{"temperature":1,"rows":1,"error_before":0,"error_after":0,"familiarity":{"tokens":[1],"surprises":[],"unseen":1,"known":[]}}}""")]
    public void A_damaged_one_is_named(string text)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, CalibrationFile.Name), text);

        var fault = Assert.Throws<StepDistillException>(() => CalibrationFile.Read(_folder.FullName));

        Assert.Contains("calibration.json", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_were_changed_are_read_or_named_and_nothing_else()
    {
        CalibrationFile.Write(_folder.FullName, new Dictionary<string, StudentCalibration> { ["int8"] = Sample });
        var path = Path.Combine(_folder.FullName, CalibrationFile.Name);
        var whole = File.ReadAllBytes(path);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, whole.Length]).Sample(
            (place, value, length) =>
            {
                var bytes = whole.ToArray();
                bytes[place] = value;
                File.WriteAllBytes(path, bytes[..length]);
                try
                {
                    CalibrationFile.Read(_folder.FullName);
                }
                catch (StepDistillException)
                {
                    // said what is wrong
                }
            },
            threads: 1);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
