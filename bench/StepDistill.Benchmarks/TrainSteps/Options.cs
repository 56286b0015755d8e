using System.Globalization;

namespace StepDistill.Benchmarks.TrainSteps;

/// <summary>What to measure.</summary>
internal sealed record Options
{
    public bool Json { get; init; }

    /// <summary>A size of seconds that checks numbers and measures nothing worth reporting.</summary>
    public bool Short { get; init; }

    public IReadOnlyList<string> Sizes { get; init; } = ["small", "base"];

    public IReadOnlyList<int> Batches { get; init; } = [64, 8];

    /// <summary>How often the three variants take turns.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Steps over which bfloat16 is compared with float32.</summary>
    public int LongSteps { get; init; } = 200;

    /// <summary>One variant alone, whose peak memory is measured.</summary>
    public string? Memory { get; init; }

    public static Options Parse(string[] args)
    {
        var options = new Options();
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value.");
            options = args[i] switch
            {
                "--json" => options with { Json = true },
                "--short" => options with { Short = true, Sizes = ["tiny"], Batches = [8], Rounds = 1, LongSteps = 30 },
                "--size" => options with { Sizes = Value().Split(',') },
                "--batch" => options with { Batches = [.. Value().Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))] },
                "--rounds" => options with { Rounds = int.Parse(Value(), CultureInfo.InvariantCulture) },
                "--long-steps" => options with { LongSteps = int.Parse(Value(), CultureInfo.InvariantCulture) },
                "--memory" => options with { Memory = Value() },
                var other => throw new ArgumentException($"There is no option {other}."),
            };
        }

        return options;
    }
}
