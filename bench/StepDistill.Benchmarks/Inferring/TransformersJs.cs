using System.Diagnostics;
using System.Text.Json;

namespace StepDistill.Benchmarks.Inferring;

/// <summary>transformers.js in Node.js on the same files, one thread.</summary>
internal static class TransformersJs
{
    /// <summary>Milliseconds for each question, after a warm-up; null where there is no such package.</summary>
    public static List<double>? Times(string? modules, string folder, string dtype, int tokens, string[] questions)
    {
        if (modules is null || !Directory.Exists(Path.Combine(modules, "@huggingface", "transformers")))
        {
            return null;
        }

        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "transformers.mjs"), modules, folder, dtype, $"{tokens}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var node = Process.Start(start)!;
        node.StandardInput.Write(JsonSerializer.Serialize(questions));
        node.StandardInput.Close();
        var output = node.StandardOutput.ReadToEnd();
        node.WaitForExit();
        return node.ExitCode == 0
            ? JsonSerializer.Deserialize<List<double>>(output)
            : throw new InvalidOperationException($"Node.js ended with {node.ExitCode}.");
    }
}
