using System.Globalization;

namespace StepDistill.Benchmarks.Annotating;

/// <summary>What to measure.</summary>
internal sealed record AnnotateOptions
{
    public bool Json { get; init; }

    /// <summary>A size of seconds that checks counts and measures nothing worth reporting.</summary>
    public bool Short { get; init; }

    /// <summary>Questions under way at once.</summary>
    public IReadOnlyList<int> InFlight { get; init; } = [64, 1024];

    /// <summary>How long the server takes for a reply.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many replies each place under way waits for.</summary>
    public int Rounds { get; init; } = 50;

    /// <summary>A file of recorded answers to read; not measured where it does not exist.</summary>
    public string Recorded { get; init; } = "../shared/data/esnli_train.jsonl.gz";

    /// <summary>Only the reading, in a process of its own, whose memory is measured.</summary>
    public bool Read { get; init; }

    public static AnnotateOptions Parse(string[] args)
    {
        var options = new AnnotateOptions();
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value.");
            options = args[i] switch
            {
                "--json" => options with { Json = true },
                "--short" => options with { Short = true, InFlight = [8], Rounds = 3, Latency = TimeSpan.FromMilliseconds(20), Recorded = "" },
                "--in-flight" => options with { InFlight = [.. Value().Split(',').Select(Number)] },
                "--latency" => options with { Latency = TimeSpan.FromMilliseconds(Number(Value())) },
                "--rounds" => options with { Rounds = Number(Value()) },
                "--recorded" => options with { Recorded = Value() },
                "--read" => options with { Read = true, Recorded = Value() },
                var other => throw new ArgumentException($"There is no option {other}."),
            };
        }

        return options;

        static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"'{text}' must be a whole number above 0.");
    }
}
