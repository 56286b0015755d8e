using System.Globalization;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests;

public sealed partial class TrainerTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public async Task A_training_that_is_killed_at_any_moment_ends_in_the_same_bits(ScalarType precision)
    {
        var kills = int.Parse(Environment.GetEnvironmentVariable("STEPDISTILL_KILLS") ?? "3", CultureInfo.InvariantCulture);
        var steps = 40 * (kills + 1);
        using var whole = new TinyTraining();
        using var killed = new TinyTraining();
        var chance = new Random(5);
        using (var first = ChildTraining.Start(whole.Folder, steps, precision))
        {
            await first.WaitForExitAsync(Stop);
            Assert.Equal(0, first.ExitCode);
        }

        // A checkpoint every second step, and steps take less time than checkpoints: most moments are while one is being written, removed or replaced.
        List<string> found = [];
        while (found.Count < kills)
        {
            using var process = ChildTraining.Start(killed.Folder, steps, precision);
            Assert.Equal(ChildTraining.Begun, await process.StandardOutput.ReadLineAsync(Stop));
            await Task.Delay(chance.Next(120), Stop);
            process.Kill();
            await process.WaitForExitAsync(Stop);
            found.Add(string.Join(" ", killed.Checkpoints()));
        }

        using var last = ChildTraining.Start(killed.Folder, steps, precision);
        Assert.Equal("", await last.StandardError.ReadToEndAsync(Stop));
        await last.WaitForExitAsync(Stop);
        Assert.Equal(0, last.ExitCode);
        foreach (var file in (string[])["model.safetensors", "optimizer.safetensors"])
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(whole.Folder, $"checkpoint-{steps}", file)),
                File.ReadAllBytes(Path.Combine(killed.Folder, $"checkpoint-{steps}", file)));
        }

        TestContext.Current.SendDiagnosticMessage("What {0} kills left: {1}", kills, string.Join("; ", found));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
