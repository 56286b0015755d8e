using System.Diagnostics;
using System.Globalization;
using StepDistill.Annotations;
using StepDistill.FaultServer;

namespace StepDistill.Cli.Tests.Verbs;

/// <summary>The program itself, ended at random moments by a signal that it cannot see.</summary>
public sealed partial class AnnotateVerbTests
{
    /// <summary>Names how often to kill; a nightly run does it a hundred times and more.</summary>
    private const string KillsVariable = "STEPDISTILL_KILLS";

    private const int Rows = 20_000;

    [Fact]
    public async Task However_often_it_is_killed_nothing_acknowledged_is_lost_or_paid_for_again()
    {
        using var folder = new TemporaryFolder();
        var kills = int.Parse(Environment.GetEnvironmentVariable(KillsVariable) ?? "5", CultureInfo.InvariantCulture);
        await using var server = await ChatFaultServer.StartAsync(
            question => $"So be it: {question.Length}.\nAnswer: good",
            (question, number) => number == 1 && question.EndsWith("7?", StringComparison.Ordinal) ? Fault.Reset : Fault.None);
        server.Latency = TimeSpan.FromMilliseconds(10);
        var recipe = folder.Write("mood.jsonc", string.Create(CultureInfo.InvariantCulture, $$"""
            {
              "name": "mood",
              "task": { "name": "mood", "labels": ["good", "bad"], "train": "train.jsonl" },
              "teacher": { "name": "chat", "model": "test", "endpoint": "{{server.Address}}", "concurrency": 16 }
            }
            """));
        folder.Write("train.jsonl", string.Join('\n', Enumerable.Range(0, Rows).Select(
            row => $$"""{"id":"{{row}}","input":"What is the mood of row {{row}}?"}""")));
        var chance = new Random(7);
        var (before, paid) = (new Dictionary<string, Annotation>(), new Dictionary<string, int>());
        for (var kill = 0; kill < kills; kill++)
        {
            using var program = Start(recipe, folder["runs"]);
            // While it starts, or after some requests: anywhere.
            var enough = server.Seen.Count + (kill % 4 == 0 ? 0 : chance.Next(1, Math.Min(600, 16_000 / kills)));
            while (server.Seen.Count < enough && !program.HasExited)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            await Task.Delay(chance.Next(50), TestContext.Current.CancellationToken);
            Assert.False(program.HasExited, "It ended by itself.");
            program.Kill();
            await program.WaitForExitAsync(TestContext.Current.CancellationToken);
            before = await CheckAsync(folder, server, before, paid);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{kills} kills, {before.Count} rows stored, {server.Seen.Count} requests");
        Assert.True(before.Count > kills, "The program was killed too early to have stored anything.");
    }

    /// <summary>Looks at the store after a kill: all that was there before is there unchanged, and was not paid for again.</summary>
    private static async Task<Dictionary<string, Annotation>> CheckAsync(
        TemporaryFolder folder, ChatFaultServer server, Dictionary<string, Annotation> before, Dictionary<string, int> paid)
    {
        if (!Directory.Exists(folder["runs"])
            || Directory.EnumerateFiles(folder["runs"], "annotations.sqlite", SearchOption.AllDirectories).SingleOrDefault() is not { } path)
        {
            return before;
        }

        using var store = SqliteAnnotationStore.Open(path);
        var now = await store.ReadAsync(TestContext.Current.CancellationToken)
            .ToDictionaryAsync(one => one.ExampleId, cancellationToken: TestContext.Current.CancellationToken);
        Assert.All(now.Values, one => Assert.Equal(AnnotationStatus.Ok, one.Status));
        Assert.All(before, one => Assert.Equal(one.Value, now[one.Key]));
        foreach (var id in now.Keys)
        {
            // An answer that had been sent and had not arrived may be paid for once more; one that is stored never.
            var times = server.Paid.GetValueOrDefault($"What is the mood of row {id}?");
            Assert.Equal(paid.GetValueOrDefault(id, times), times);
            paid[id] = times;
        }

        return now;
    }

    private static Process Start(string recipe, string runs) => Process.Start(new ProcessStartInfo("dotnet")
    {
        ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "StepDistill.Cli.dll"), "annotate", recipe, "--runs", runs },
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
