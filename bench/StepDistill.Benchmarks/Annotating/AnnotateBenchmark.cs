using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StepDistill.Annotations;
using StepDistill.Cli;
using StepDistill.Cli.Teachers;
using StepDistill.FaultServer;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Benchmarks.Annotating;

/// <summary>How near annotating comes to what a server's latency allows, and what it costs this machine.</summary>
internal static class AnnotateBenchmark
{
    /// <summary>Makes this program the server: it ends when its standard input does.</summary>
    public const string Serve = "serve";

    internal static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly string Program = typeof(AnnotateBenchmark).Assembly.Location;

    private static readonly TaskSpec Task = new()
    {
        Name = "nli", Answer = AnswerKind.Label, Labels = ["entailment", "neutral", "contradiction"],
    };

    public static async Task<int> RunAsync(AnnotateOptions options)
    {
        if (options.Read)
        {
            Console.WriteLine(JsonSerializer.Serialize(await ReadAsync(options.Recorded), Json));
            return 0;
        }

        var report = await MeasureAsync(options);
        Console.WriteLine(options.Json ? JsonSerializer.Serialize(report, Json) : report.Text());
        foreach (var fault in report.Faults())
        {
            Console.Error.WriteLine(fault);
        }

        return report.Faults().Any() ? 1 : 0;
    }

    public static async Task<AnnotateReport> MeasureAsync(AnnotateOptions options)
    {
        using var server = StartServer(options.Latency);
        var address = await server.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException("The server did not start.");
        List<AskingResult> results = [];
        await AskAsync(address, inFlight: 8, rows: options.Short ? 8 : 400, TimeSpan.Zero);     // everything compiled once
        foreach (var inFlight in options.InFlight)
        {
            results.Add(await AskAsync(address, inFlight, inFlight * options.Rounds, options.Latency));
            Console.Error.WriteLine(new AnnotateReport(options.Latency.TotalSeconds, [results[^1]], null).Text());
        }

        server.StandardInput.Close();
        await server.WaitForExitAsync();
        return new AnnotateReport(options.Latency.TotalSeconds, results, File.Exists(options.Recorded) ? ReadInItsOwnProcess(options.Recorded) : null);
    }

    /// <summary>Answers until standard input ends.</summary>
    /// <param name="latency">How long each reply takes, in milliseconds.</param>
    public static async Task<int> ServeAsync(string latency)
    {
        await using var server = await ChatFaultServer.StartAsync(
            question => $"The first sentence says so in other words; {question.Length} letters hold both.\nAnswer: entailment");
        (server.Latency, server.Remembers) = (TimeSpan.FromMilliseconds(double.Parse(latency, CultureInfo.InvariantCulture)), false);
        Console.WriteLine(server.Address);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    private static async Task<AskingResult> AskAsync(string address, int inFlight, int rows, TimeSpan latency)
    {
        var folder = Directory.CreateTempSubdirectory("stepdistill-annotate-");
        try
        {
            var recipe = new Recipe
            {
                Name = "bench",
                Task = new TaskSection { Name = "nli", Train = "rows.jsonl" },
                Teacher = new TeacherSection
                {
                    Name = "chat", Model = "test", Endpoint = address, Concurrency = inFlight, Demonstrations = WriteDemonstrations(folder.FullName),
                },
            };
            var teacher = await TeacherClients.OpenAsync(recipe, Task, maxCost: null, CancellationToken.None);
            using var disposable = (IDisposable)teacher;
            using var store = SqliteAnnotationStore.Open(Path.Combine(folder.FullName, "annotations.sqlite"));
            var processor = Environment.CpuUsage.TotalTime;
            var watch = Stopwatch.StartNew();
            var end = await new AnnotationRun(teacher, store, new() { Concurrency = inFlight })
                .RunAsync(Enumerable.Range(0, rows).Select(Row).ToAsyncEnumerable());
            var seconds = watch.Elapsed.TotalSeconds;
            return new AskingResult(
                inFlight, rows, end.Statuses.GetValueOrDefault(AnnotationStatus.Ok), seconds,
                (rows + inFlight - 1) / inFlight * latency.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / rows);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Reads a file of recorded answers as <c>annotate</c> does, from the recipe to the store on the disk.</summary>
    private static async Task<ReadingResult> ReadAsync(string recorded)
    {
        var folder = Directory.CreateTempSubdirectory("stepdistill-annotate-");
        try
        {
            var recipe = Path.Combine(folder.FullName, "recipe.jsonc");
            await File.WriteAllTextAsync(recipe, JsonSerializer.Serialize(new
            {
                name = "bench",
                task = new { name = "nli", train = Path.GetFullPath(recorded), validation_share = 0 },
                teacher = new { name = "recorded", format = "esnli-cot" },
            }));
            var output = new StringWriter();
            var watch = Stopwatch.StartNew();
            await CommandLine.RunAsync(
                ["annotate", recipe, "--runs", folder.FullName, "--split", "train", "--json"], Cli.Stages.RealStages.Create(), output, Console.Error, default);
            var seconds = watch.Elapsed.TotalSeconds;
            using var result = JsonDocument.Parse(output.ToString());
            var split = result.RootElement.GetProperty("splits").GetProperty("train");
            var stored = result.RootElement.GetProperty("statuses").EnumerateObject().Sum(status => status.Value.GetInt64());
            return new ReadingResult(split.GetProperty("to_ask").GetInt64(), stored, seconds, Machine.PeakMemory() / 1e6);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static ReadingResult ReadInItsOwnProcess(string recorded)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", Program, "annotate", "--read", recorded]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return JsonSerializer.Deserialize<ReadingResult>(output, Json)!;
    }

    private static Process StartServer(TimeSpan latency) => Process.Start(new ProcessStartInfo(
        "dotnet", ["exec", Program, "annotate", Serve, latency.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    /// <summary>A prompt of the usual size: seven worked examples, some 500 words.</summary>
    private static string WriteDemonstrations(string folder)
    {
        var path = Path.Combine(folder, "demonstrations.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, 7).Select(number => JsonSerializer.Serialize(new
        {
            input = $"A group of {number + 2} people stands in front of a large building and looks at a map together.</s>"
                + "Some people who do not know the city well are trying to find their way to a museum.",
            rationale = "People who look at a map together may be trying to find their way, but they may also plan a walk or look for a "
                + "place to eat, and nothing says that they go to a museum or do not know the city well.",
            label = "neutral",
        })));
        return path;
    }

    private static Example Row(int number)
    {
        var text = $"A man in shirt number {number} crosses the street while a dog waits.</s>Somebody is crossing street {number}.";
        return new Example { Id = $"{number}", Input = text };
    }
}
