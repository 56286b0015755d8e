using System.Diagnostics;
using System.Globalization;

namespace StepDistill.Inference.Tests;

/// <summary>The same student in a program that was trimmed and compiled ahead of time.</summary>
public sealed partial class OnnxStudentTests
{
    [Fact]
    public async Task A_program_compiled_ahead_of_time_gets_the_same_answer_and_reasons()
    {
        var app = Environment.GetEnvironmentVariable("STEPDISTILL_PUBLISHED_APP") ?? "";
        Assert.SkipWhen(app.Length == 0, "STEPDISTILL_PUBLISHED_APP names no published tests/StepDistill.PublishedApp.");
        Assert.True(File.Exists(app), $"{app} was not published: see what the publishing said.");
        var text = RandomStudent.Text(12, 5);
        using var student = OnnxStudent.Open(exported.Folder);
        var ours = student.Classify([new(text)], withRationales: true, Stop)[0];

        using var process = Process.Start(new ProcessStartInfo(app, [exported.Folder, text]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Stop), process.StandardError.ReadToEndAsync(Stop));
        await process.WaitForExitAsync(Stop);

        Assert.True(process.ExitCode == 0, await error);
        var lines = (await output).Split('\n');
        var words = lines[0].Split(' ');
        Assert.Equal(ours.Label, string.Join(' ', words[..^1]));
        Assert.Equal(ours.Confidence, double.Parse(words[^1], CultureInfo.InvariantCulture), 1e-5);
        Assert.Equal(ours.Rationale, lines[1].Trim());
    }
}
