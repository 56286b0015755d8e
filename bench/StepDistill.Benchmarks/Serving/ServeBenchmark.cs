using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Cli.Stages;
using StepDistill.Inference;
using StepDistill.Serving;
using StepDistill.Tasks;

namespace StepDistill.Benchmarks.Serving;

/// <summary>A server under load on loopback, each in a process of its own: throughput beside that in process, times, refusals, memory.</summary>
internal static class ServeBenchmark
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly string Program = typeof(ServeBenchmark).Assembly.Location;

    private static readonly string[] Words =
        "the a dog man woman child crosses street while waits reads book on under large old city music plays river sees nobody two many people stand"
            .Split(' ');

    public static async Task<int> RunAsync(ServeOptions options)
    {
        switch (options.Role)
        {
            case "listen":
                return await ListenAsync(options);
            case "in-process":
                Console.WriteLine(JsonSerializer.Serialize(InProcess(options)));
                return 0;
        }

        var report = await MeasureAsync(options);
        Console.WriteLine(options.Json ? JsonSerializer.Serialize(report, Json) : report.Text());
        foreach (var error in report.Errors())
        {
            Console.Error.WriteLine(error);
        }

        return report.Errors().Any() ? 1 : 0;
    }

    private static async Task<ServeReport> MeasureAsync(ServeOptions options)
    {
        var before = Start(options, "in-process").StandardOutput.ReadToEnd();
        using var server = Start(options, "listen");
        var address = new Uri(await server.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server did not start."));
        using var client = new HttpClient();
        var facts = JsonNode.Parse(await client.GetStringAsync(new Uri(address, "v1/student")))!;
        var requests = Inputs(options).Select(input => LoadConnection.Request(address, Body(input, facts))).ToArray();
        await Load.RunAsync(address, requests, options.Connections, TimeSpan.FromSeconds(2));        // everything compiled once
        using var enough = new CancellationTokenSource();
        var memory = WatchMemoryAsync(server, TimeSpan.FromSeconds(Math.Max(1, options.Time.TotalSeconds / 120)), enough.Token);
        var below = await LoadAsync(server, address, requests, options.Connections, options.Time);
        await enough.CancelAsync();
        var above = await LoadAsync(server, address, requests, options.TooManyConnections, TimeSpan.FromSeconds(Math.Min(30, options.Time.TotalSeconds)));
        server.StandardInput.Close();
        await server.WaitForExitAsync();
        var after = Start(options, "in-process").StandardOutput.ReadToEnd();
        return new ServeReport(
            $"{facts["name"]} ({facts["precision"]})",
            [JsonSerializer.Deserialize<InProcessResult>(before)!, JsonSerializer.Deserialize<InProcessResult>(after)!],
            below, above, await memory);
    }

    private static async Task<LoadResult> LoadAsync(Process server, Uri address, byte[][] requests, int connections, TimeSpan time)
    {
        server.Refresh();
        var before = server.TotalProcessorTime;
        var load = await Load.RunAsync(address, requests, connections, time);
        server.Refresh();
        var processor = (server.TotalProcessorTime - before).TotalMilliseconds;
        using var client = new HttpClient();
        var metrics = (await client.GetStringAsync(new Uri(address, "metrics"))).Split('\n');
        double Metric(string name) => metrics.Where(line => line.StartsWith($"{name}{{lane=\"labels\"}} ", StringComparison.Ordinal))
            .Select(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)).FirstOrDefault();
        return load with
        {
            ProcessorMillisecondsPerAnswer = processor / Math.Max(1, load.Statuses.GetValueOrDefault(200)),
            QuestionsPerBatch = Metric("stepdistill_batch_rows_sum") / Math.Max(1, Metric("stepdistill_batch_rows_count")),
        };
    }

    /// <summary>Serves until standard input ends.</summary>
    private static async Task<int> ListenAsync(ServeOptions options)
    {
        var settings = new ServeSettings
        {
            Url = "http://127.0.0.1:0", MaxBatch = options.MaxBatch, Workers = options.Workers, LatencyLimit = options.LatencyLimit, WatchEvery = TimeSpan.Zero,
        };
        await using var server = await StudentServer.StartAsync(settings, () => Open(options));
        Console.WriteLine(server.Address);
        await Console.In.ReadToEndAsync();
        await server.StopAsync();
        return 0;
    }

    /// <summary>Questions a second in full batches, one after the other.</summary>
    private static InProcessResult InProcess(ServeOptions options)
    {
        using var student = Open(options);
        var choices = student.Description.Answer == AnswerKind.Choice ? new[] { "one", "two", "three" } : null;
        var batches = Inputs(options).Select(input => new StudentQuestion(input) { Choices = choices }).Chunk(options.MaxBatch).ToArray();
        student.Classify(batches[0]);
        student.Classify(batches[1]);
        var time = Math.Clamp(options.Time.TotalSeconds / 10, 3, 30);
        var (begun, processor, rows) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, 0L);
        for (var i = 0; Stopwatch.GetElapsedTime(begun).TotalSeconds < time; i++)
        {
            rows += student.Classify(batches[i % batches.Length]).Count;
        }

        return new(rows / Stopwatch.GetElapsedTime(begun).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / rows);
    }

    private static IStudentClassifier Open(ServeOptions options) => options.Student == FakeStudent.Name
        ? new FakeStudent(options.Threads ?? Environment.ProcessorCount)
        : RealStages.Create().OpenServed(options.Student, options.Threads);

    /// <summary>Inputs in random order, the same each time, so that a batch in process is as mixed as one of the server.</summary>
    private static List<string> Inputs(ServeOptions options)
    {
        var random = new Random(0);
        if (options.Inputs is { } file)
        {
            var lines = File.ReadLines(file).Where(line => line.Trim().Length > 0).Take(20_000).ToArray();
            random.Shuffle(lines);
            return [.. lines];
        }

        return [.. Enumerable.Range(0, 4096).Select(_ => string.Join(' ', Enumerable.Range(0, random.Next(6, 40)).Select(_ => Words[random.Next(Words.Length)])))];
    }

    private static string Body(string input, JsonNode facts)
    {
        var body = new JsonObject { ["input"] = input };
        if (facts["answer_kind"]!.GetValue<string>() == "choice")
        {
            body["choices"] = new JsonArray("one", "two", "three");
        }

        return body.ToJsonString();
    }

    private static async Task<IReadOnlyList<MemoryAt>> WatchMemoryAsync(Process server, TimeSpan every, CancellationToken cancellation)
    {
        var (seen, begun) = (new List<MemoryAt>(), Stopwatch.GetTimestamp());
        while (!cancellation.IsCancellationRequested)
        {
            server.Refresh();
            seen.Add(new(Stopwatch.GetElapsedTime(begun).TotalSeconds, server.WorkingSet64 / 1e6));
            await Task.Delay(every, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        return seen;
    }

    private static Process Start(ServeOptions options, string role) => Process.Start(
        new ProcessStartInfo("dotnet", ["exec", Program, .. options.Words(role)]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
}
