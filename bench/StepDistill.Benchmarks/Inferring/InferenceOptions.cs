using System.Globalization;

namespace StepDistill.Benchmarks.Inferring;

/// <summary>What to measure.</summary>
internal sealed record InferenceOptions
{
    public bool Json { get; init; }

    /// <summary>Small, for checking the program alone.</summary>
    public bool Short { get; init; }

    public string Size { get; init; } = "small";

    public int Rounds { get; init; } = 7;

    /// <summary>Questions of a round.</summary>
    public int Questions { get; init; } = 32;

    /// <summary>A node_modules folder with @huggingface/transformers; null leaves it out.</summary>
    public string? Modules { get; init; } = Environment.GetEnvironmentVariable("STEPDISTILL_NODE_MODULES");

    public static InferenceOptions Parse(IReadOnlyList<string> words)
    {
        var options = new InferenceOptions();
        for (var i = 0; i < words.Count; i++)
        {
            string Next() => ++i < words.Count ? words[i] : throw new ArgumentException($"{words[i - 1]} needs a value.");
            options = words[i] switch
            {
                "--json" => options with { Json = true },
                "--short" => options with { Short = true, Size = "tiny", Rounds = 1, Questions = 4 },
                "--size" => options with { Size = Next() },
                "--rounds" => options with { Rounds = int.Parse(Next(), CultureInfo.InvariantCulture) },
                "--questions" => options with { Questions = int.Parse(Next(), CultureInfo.InvariantCulture) },
                "--modules" => options with { Modules = Next() },
                var word => throw new ArgumentException($"'{word}' is no option of inference."),
            };
        }

        return options;
    }
}
