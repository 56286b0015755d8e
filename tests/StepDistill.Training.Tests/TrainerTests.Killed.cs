using static TorchSharp.torch;

namespace StepDistill.Training.Tests;

public sealed partial class TrainerTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public async Task A_training_that_is_killed_at_any_moment_ends_in_the_same_bits(ScalarType precision)
    {
        const int steps = 300;
        var kills = int.Parse(Environment.GetEnvironmentVariable("STEPDISTILL_KILLS") ?? "6", System.Globalization.CultureInfo.InvariantCulture);
        using var whole = new TinyTraining();
        using var killed = new TinyTraining();
        var chance = new Random(5);
        using (var first = ChildTraining.Start(whole.Folder, steps, precision))
        {
            await first.WaitForExitAsync(Stop);
            Assert.Equal(0, first.ExitCode);
        }

        // A checkpoint every second step: most moments are while one is being written, removed or replaced.
        List<string> found = [];
        for (var kill = 0; kill < kills; kill++)
        {
            using var process = ChildTraining.Start(killed.Folder, steps, precision);
            Assert.Equal(ChildTraining.Begun, await process.StandardOutput.ReadLineAsync(Stop));
            await Task.Delay(chance.Next(10, 300), Stop);
            process.Kill();
            await process.WaitForExitAsync(Stop);
            found.Add(string.Join(" ", killed.Checkpoints()));
        }

        using var last = ChildTraining.Start(killed.Folder, steps, precision);
        await last.WaitForExitAsync(Stop);

        Assert.Equal("", await last.StandardError.ReadToEndAsync(Stop));
        Assert.NotEqual(found[0], found[^1]);
        foreach (var file in (string[])["model.safetensors", "optimizer.safetensors"])
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(whole.Folder, $"checkpoint-{steps}", file)),
                File.ReadAllBytes(Path.Combine(killed.Folder, $"checkpoint-{steps}", file)));
        }

        TestContext.Current.SendDiagnosticMessage(string.Join("\n", found));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
