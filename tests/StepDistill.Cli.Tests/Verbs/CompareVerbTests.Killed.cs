using System.Diagnostics;
using System.Globalization;

namespace StepDistill.Cli.Tests.Verbs;

/// <summary>The program itself, ended at random moments by a signal that it cannot see, and started again.</summary>
public sealed partial class CompareVerbTests
{
    /// <summary>Names how often to kill; a nightly run does it more often.</summary>
    private const string KillsVariable = "STEPDISTILL_KILLS";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task However_often_it_is_killed_the_report_is_the_same_byte_for_byte(int processes)
    {
        var kills = int.Parse(Environment.GetEnvironmentVariable(KillsVariable) ?? "3", CultureInfo.InvariantCulture);
        using var whole = new TemporaryFolder();
        using var killed = new TemporaryFolder();
        WriteThings(whole);
        WriteThings(killed);
        await RunToTheEndAsync(whole, processes);

        // A run takes some seconds: now while it starts, now in its midst.
        var chance = new Random(7 + processes);
        var reached = 0;
        for (var kill = 0; kill < kills; kill++)
        {
            using var program = Start(killed, processes);
            await Task.Delay(chance.Next(500, 500 + Math.Max(2500, 9000 / kills)), TestContext.Current.CancellationToken);
            program.Kill();     // this process only: those that it started must notice by themselves
            await program.WaitForExitAsync(TestContext.Current.CancellationToken);
            reached += Directory.Exists(killed["runs"]) ? 1 : 0;
        }

        await RunToTheEndAsync(killed, processes);

        Assert.True(reached > 0, "Every kill came before anything was written.");
        var (expected, actual) = (Files(whole), Files(killed));
        Assert.Superset(new HashSet<string>(["comparison.md", "comparison.json", "report.html", "runs.csv"]), new HashSet<string>(expected.Keys));
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, file => Assert.Equal(file.Value, actual[file.Key]));
    }

    private static async Task RunToTheEndAsync(TemporaryFolder folder, int processes)
    {
        using var program = Start(folder, processes);
        var said = Task.WhenAll(
            program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken),
            program.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(program.ExitCode == ExitCode.Success, string.Concat(await said));
    }

    private static SortedDictionary<string, string> Files(TemporaryFolder folder)
    {
        var comparison = folder["runs/things/comparison"];
        return new(Directory.EnumerateFiles(comparison, "*", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(comparison, file),
            file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))), StringComparer.Ordinal);
    }

    private static void WriteThings(TemporaryFolder folder)
    {
        folder.Write("things.jsonc", """
            {
              "name": "things",
              "task": { "name": "things", "labels": ["fly", "swim"], "train": "rows.jsonl", "validation": "rows.jsonl", "test": "rows.jsonl" },
              "student": { "config": "t5-v1_1-nano", "tokenizer": { "train": { "vocabulary": 300 } } },
              "batches": { "batch_size": 8, "max_input_tokens": 32, "max_target_tokens": 32 },
              "training": { "preset": "scratch", "max_steps": 40, "learning_rate": 0.01 },
              "evaluation": { "every_steps": 10, "max_tokens": 12 }
            }
            """);
        folder.Write("rows.jsonl", string.Join('\n', Enumerable.Range(0, 90).Select(row => row % 3 == 0
            ? $$"""{"id":"{{row}}","input":"thing {{row}} has a flipper","label":"swim","rationale":"With flippers, number {{row % 7}}.","teacher_label":"swim"}"""
            : $$"""{"id":"{{row}}","input":"thing {{row}} has a wing","label":"fly","rationale":"With wings, number {{row % 5}}.","teacher_label":"fly"}""")));
    }

    private static Process Start(TemporaryFolder folder, int processes) => Process.Start(new ProcessStartInfo("dotnet")
    {
        ArgumentList =
        {
            "exec", Path.Combine(AppContext.BaseDirectory, "StepDistill.Cli.dll"), "compare", "things.jsonc", "--seeds", "0,1",
            "--rationale-rows", "8", "--processes", processes.ToString(CultureInfo.InvariantCulture),
        },
        WorkingDirectory = folder.Root,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
