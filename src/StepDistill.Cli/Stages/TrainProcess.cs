using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Verbs;
using StepDistill.Files;
using StepDistill.Runs;

namespace StepDistill.Cli.Stages;

/// <summary>Trains a run in a process of its own, so that several runs can be trained side by side.</summary>
/// <remarks>
/// The process is told to stop by the end of its input, which also comes when this one dies: it then saves a checkpoint
/// and ends, and nothing is left at work that nobody watches.
/// </remarks>
/// <param name="processes">How many run side by side: each gets its share of the processor's cores.</param>
internal sealed class TrainProcess(int processes)
{
    private const string Threads = "OMP_NUM_THREADS";

    /// <summary>Trains; see <see cref="TrainStage"/>.</summary>
    public async Task<RunManifest> RunAsync(
        OpenedRecipe recipe, IProgress<Progress> progress, Action<string> warn, CancellationToken cancellation)
    {
        var steps = recipe.Recipe.Training.MaxSteps;
        if (recipe.Run.ReadManifest() is not null)
        {
            progress.Report(new(steps, steps));      // the process still checks that it is the run that is meant
        }

        var folder = Directory.CreateTempSubdirectory("stepdistill-");
        try
        {
            var path = Path.Combine(folder.FullName, "recipe.json");
            AtomicFile.WriteText(path, recipe.Recipe.ToJson());
            using var process = Process.Start(Command(recipe, path))!;
            using var stop = cancellation.Register(process.StandardInput.Close);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var watch = WatchAsync(recipe, new RunProgress(steps, progress), ended.Token);
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            while (await process.StandardError.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
            {
                if (!cancellation.IsCancellationRequested)
                {
                    warn(line);
                }
            }

            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            var said = await output.ConfigureAwait(false);
            return process.ExitCode == ExitCode.Success && recipe.Run.ReadManifest() is { } manifest
                ? manifest
                : throw new StepDistillException(ErrorIn(said) ?? $"The process that trained {recipe.Run.Root} ended with code {process.ExitCode} and did not say why; memory may have run out. "
                    + "Run the same command again to go on, with fewer --processes.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private ProcessStartInfo Command(OpenedRecipe recipe, string path)
    {
        // As a tool the program is a file of its own; with `dotnet run` or `dotnet exec` it is a library that dotnet starts.
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(TrainProcess).Assembly.Location);
        }

        foreach (var word in (string[])["train", path, "--runs", Path.GetDirectoryName(recipe.Runs.Root)!, "--json", TrainVerb.UntilInputEnds])
        {
            start.ArgumentList.Add(word);
        }

        if (recipe.Variant.Length > 0)
        {
            start.ArgumentList.Add("--variant");
            start.ArgumentList.Add(recipe.Variant);
        }

        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Threads)))
        {
            start.Environment[Threads] = Math.Max(1, Environment.ProcessorCount / processes).ToString(CultureInfo.InvariantCulture);
        }

        return start;
    }

    /// <summary>Follows the run's log, which is all that has to be known of another process's work.</summary>
    private static async Task WatchAsync(OpenedRecipe recipe, RunProgress progress, CancellationToken ended)
    {
        try
        {
            await foreach (var happened in RunLog.FollowAsync(recipe.Run.Events, TimeProvider.System, ended).ConfigureAwait(false))
            {
                progress.Report(happened);
            }
        }
        catch (OperationCanceledException)
        {
            // The process has ended.
        }
    }

    private static string? ErrorIn(string output)
    {
        try
        {
            return JsonNode.Parse(output)?["error"]?.GetValue<string>();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
