using System.Diagnostics;
using System.Text.Json;

namespace StepDistill.Benchmarks.Inferring;

/// <summary>transformers.js in Node.js on the same files, one thread.</summary>
internal static class TransformersJs
{
    private const int WarmUp = 4;

    /// <summary>Milliseconds for each question, after a warm-up; null where there is no such package.</summary>
    public static List<double>? Times(string? modules, string folder, string dtype, int tokens, string[] questions)
    {
        if (modules is null || !Directory.Exists(Path.Combine(modules, "@huggingface", "transformers")))
        {
            return null;
        }

        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "transformers.mjs"), modules, folder, dtype, $"{tokens}", $"{tokens}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var node = Process.Start(start)!;
        node.StandardInput.Write(JsonSerializer.Serialize(questions.Take(WarmUp).Concat(questions)));
        node.StandardInput.Close();
        var output = node.StandardOutput.ReadToEnd();
        node.WaitForExit();
        if (node.ExitCode != 0)
        {
            throw new InvalidOperationException($"Node.js ended with {node.ExitCode}.");
        }

        using var answers = JsonDocument.Parse(output);
        return [.. answers.RootElement.EnumerateArray().Skip(WarmUp).Select(answer => answer.GetProperty("milliseconds").GetDouble())];
    }
}
