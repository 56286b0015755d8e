using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using StepDistill.Runs;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests;

/// <summary>A tiny training in a process of its own, which a test may kill: this very program, started with a variable.</summary>
internal static class ChildTraining
{
    private const string Variable = "STEPDISTILL_CHILD_TRAINING";

    /// <summary>What the process writes when its first checkpoint is on the disk.</summary>
    public const string Begun = "begun";

    /// <summary>Starts a training that goes on from the newest checkpoint of its folder.</summary>
    /// <param name="folder">Where checkpoints go.</param>
    /// <param name="steps">Steps of the whole training.</param>
    /// <param name="precision">What it computes in.</param>
    /// <param name="shell">A command of the shell that comes first, such as a limit.</param>
    public static Process Start(string folder, int steps, ScalarType precision, string? shell = null)
    {
        var program = Path.Combine(AppContext.BaseDirectory, Path.GetFileNameWithoutExtension(typeof(ChildTraining).Assembly.Location));
        var start = new ProcessStartInfo(shell is null ? program : "/bin/sh")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Variable] = string.Create(CultureInfo.InvariantCulture, $"{steps} {precision} {folder}") },
        };
        if (shell is not null)
        {
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add($"{shell}; exec \"$0\"");
            start.ArgumentList.Add(program);
        }

        return Process.Start(start)!;
    }

    /// <summary>Trains instead of running tests, where the variable says so.</summary>
    [ModuleInitializer]
    internal static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(' ', 3) is not [var steps, var precision, var folder])
        {
            return;
        }

        _ = new OneThread();
        var begun = false;
        using var training = new TinyTraining(folder)
        {
            Steps = int.Parse(steps, CultureInfo.InvariantCulture),
            Precision = Enum.Parse<ScalarType>(precision),
            CheckpointEverySteps = 2,
            Report = happened => begun = begun || (happened is CheckpointWritten && Told()),
        };
        try
        {
            training.Run();
            Environment.Exit(0);
        }
        catch (StepDistillException e)
        {
            Console.Error.WriteLine(e.Message);
            Environment.Exit(1);
        }
    }

    private static bool Told()
    {
        Console.Out.WriteLine(Begun);
        return true;
    }
}
