using System.Globalization;
using StepDistill.Serving;

namespace StepDistill.Benchmarks.Serving;

/// <summary>What to measure.</summary>
internal sealed record ServeOptions
{
    /// <summary>A student's folder, or <c>fake</c> for one that only takes time.</summary>
    public string Student { get; init; } = FakeStudent.Name;

    public bool Json { get; init; }

    /// <summary>Connections that ask one question after the other.</summary>
    public int Connections { get; init; } = 64;

    /// <summary>Connections above capacity.</summary>
    public int TooManyConnections { get; init; } = 512;

    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(10);

    public int? Threads { get; init; }

    public int MaxBatch { get; init; } = 32;

    public int Workers { get; init; } = 1;

    public TimeSpan LatencyLimit { get; init; } = new ServeSettings().LatencyLimit;

    /// <summary>Inputs, one a line; made-up sentences without it.</summary>
    public string? Inputs { get; init; }

    /// <summary>What a process of its own does: <c>listen</c> or <c>in-process</c>; null for the one that measures.</summary>
    public string? Role { get; init; }

    public static ServeOptions Parse(string[] args)
    {
        var options = new ServeOptions();
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value.");
            options = args[i] switch
            {
                "--json" => options with { Json = true },
                "--student" => options with { Student = Value() },
                "--connections" => options with { Connections = Number(Value()) },
                "--above" => options with { TooManyConnections = Number(Value()) },
                "--minutes" => options with { Time = TimeSpan.FromMinutes(Number(Value())) },
                "--seconds" => options with { Time = TimeSpan.FromSeconds(Number(Value())) },
                "--threads" => options with { Threads = Number(Value()) },
                "--max-batch" => options with { MaxBatch = Number(Value()) },
                "--workers" => options with { Workers = Number(Value()) },
                "--latency-limit" => options with { LatencyLimit = TimeSpan.FromMilliseconds(Number(Value())) },
                "--inputs" => options with { Inputs = Value() },
                "--role" => options with { Role = Value() },
                var other => throw new ArgumentException($"There is no option {other}."),
            };
        }

        return options;
    }

    /// <summary>The words for a process of its own.</summary>
    public IEnumerable<string> Words(string role) =>
    [
        "serve", "--role", role, "--student", Student, "--max-batch", Text(MaxBatch), "--workers", Text(Workers), "--seconds", Text((int)Time.TotalSeconds),
        "--latency-limit", Text((int)LatencyLimit.TotalMilliseconds),
        .. Threads is { } threads ? new[] { "--threads", Text(threads) } : [], .. Inputs is { } inputs ? new[] { "--inputs", inputs } : [],
    ];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
        ? number
        : throw new ArgumentException($"'{text}' must be a whole number above 0.");
}
