using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StepDistill.Batches;
using StepDistill.Benchmarks.TrainSteps;
using StepDistill.Export;
using StepDistill.Inference;
using StepDistill.Inference.Confidence;
using StepDistill.Inference.Sessions;
using StepDistill.Inference.Tests;
using StepDistill.Students;

namespace StepDistill.Benchmarks.Inferring;

/// <summary>Ways to get an answer from one student, in turn, so that whatever else the machine does meets them alike.</summary>
internal static class InferenceBenchmark
{
    /// <summary>What starts this program as a process that answers and ends.</summary>
    public const string Fresh = "--fresh";

    /// <summary>Tokens of a label, end mark included: CommonsenseQA's mean is 2.9.</summary>
    private const int LabelTokens = 3;

    /// <summary>Tokens of reasons.</summary>
    private const int ReasonTokens = 32;

    private const int Batch = 16;
    private const int FreshStarts = 5;

    private static readonly string[] Precisions = ["float32", "int8", "int8+q8", "int8+q4"];

    /// <summary>One way to answer some questions.</summary>
    private sealed record Way(string Name, string Plain, int AtATime, Action<string[]> Answer);

    public static int Run(InferenceOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("inference-bench").FullName;
        try
        {
            var student = RandomStudent.Write(folder, options.Size);
            foreach (var precision in Enum.GetValues<ExportPrecision>())
            {
                StudentExporter.Export(student, precision);
            }

            var report = Measure(student, options);
            Console.WriteLine(options.Json ? JsonSerializer.Serialize(report, TrainStepBenchmark.Json) : report.Text());
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Answers in a new process: the first as soon as can be, then the rest, and says how much memory it holds.</summary>
    public static int RunFresh(string folder, string precision, string questions)
    {
        using var student = OnnxStudent.Open(folder, new() { Precision = precision, Threads = 1 });
        var texts = File.ReadAllLines(questions);
        student.Classify([new(texts[0])]);
        using var process = Process.GetCurrentProcess();
        var first = (DateTime.Now - process.StartTime).TotalMilliseconds;
        foreach (var text in texts)
        {
            student.Classify([new(text)]);
        }

        process.Refresh();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{first} {process.WorkingSet64}"));
        return 0;
    }

    private static InferenceReport Measure(StudentFolder student, InferenceOptions options)
    {
        int[] lengths = [.. Workload.Batch(0, options.Questions, student.Config).Select(example => example.Label.Source.Length)];
        string[] questions = [.. lengths.Select((length, i) => RandomStudent.Text(length, i))];
        var tokenizer = student.LoadTokenizer();
        if (questions.Zip(lengths).Any(pair => tokenizer.Encode(pair.First).Length + 1 != pair.Second)
            || RandomStudent.Labels.Any(label => tokenizer.Encode(label).Length + 1 != LabelTokens))
        {
            throw new InvalidOperationException("A made-up word is not one token; lengths are not those of CommonsenseQA.");
        }

        var fresh = Precisions.Select(precision => Start(student.Path, precision, questions, options)).ToList();

        using var plain = new PlainGeneration(student);
        var students = Precisions.ToDictionary(
            precision => precision, precision => OnnxStudent.Open(student.Path, new() { Precision = precision, Threads = 1, MaxBatch = Batch }));
        List<Way> ways =
        [
            new("plain label, float32", "", 1, texts => plain.Write(texts[0], LabelTokens)),
            new("plain reasons, float32", "", 1, texts => plain.Write(texts[0], ReasonTokens)),
        ];
        // No way to score labels can be faster than this.
        var tokens = questions.ToDictionary(text => text, text => PairEncoder.Encode(tokenizer, text, int.MaxValue));
        using var bare = new StudentSessions(student.Path, student.Config, StudentPrecision.Parse("int8"), threads: 1);
        ways.Add(new("encoder alone, int8", ways[0].Name, 1, texts => bare.Encode([tokens[texts[0]]]).Dispose()));
        ways.Add(new($"encoder alone, int8, batches of {Batch}", ways[0].Name, Batch, texts => bare.Encode([.. texts.Select(text => tokens[text])]).Dispose()));
        foreach (var (precision, ours) in students)
        {
            ways.Add(new($"ours, label scored, {precision}", ways[0].Name, 1, texts => ours.Classify([new(texts[0])])));
            ways.Add(new($"ours, label scored, {precision}, batches of {Batch}", ways[0].Name, Batch, texts => ours.Classify([.. texts.Select(text => new StudentQuestion(text))])));
            ways.Add(new($"ours, label generated, {precision}", ways[0].Name, 1, texts => Write(ours, texts, LabelTokens)));
            ways.Add(new($"ours, reasons generated, {precision}", ways[1].Name, 1, texts => Write(ours, texts, ReasonTokens)));
            ways.Add(new($"ours, reasons generated, {precision}, batches of {Batch}", ways[1].Name, Batch, texts => Write(ours, texts, ReasonTokens)));
        }

        var times = ways.ToDictionary(way => way.Name, _ => new List<List<double>>());
        foreach (var round in Enumerable.Range(-1, options.Rounds + 1))
        {
            foreach (var way in ways)
            {
                var taken = questions.Chunk(way.AtATime).Select(texts =>
                {
                    var start = Stopwatch.GetTimestamp();
                    way.Answer(texts);
                    return Stopwatch.GetElapsedTime(start).TotalMilliseconds / texts.Length;
                }).ToList();
                if (round >= 0)
                {
                    times[way.Name].Add(taken);
                }
            }

            Console.Error.WriteLine($"round {round + 1} of {options.Rounds}");
            foreach (var (dtype, name) in new[] { ("fp32", "float32"), ("q8", "int8") })
            {
                foreach (var (what, count) in new[] { ("label", LabelTokens), ("reasons", ReasonTokens) })
                {
                    if (round >= 0 && TransformersJs.Times(options.Modules, student.Path, dtype, count, questions) is { } theirs)
                    {
                        var way = $"transformers.js, {what}, {name}";
                        times.TryAdd(way, []);
                        times[way].Add(theirs);
                    }
                }
            }
        }

        string PlainOf(string way) => ways.Find(one => one.Name == way)?.Plain is { } named
            ? named.Length > 0 ? named : way
            : way.Contains("label", StringComparison.Ordinal) ? ways[0].Name : ways[1].Name;
        return new(
            Machine(),
            options.Size,
            options.Questions,
            options.Rounds,
            [.. times.Select(pair => new MeasuredWay(
                pair.Key,
                Median(pair.Value.Select(round => round.Average())),
                ways.Find(way => way.Name == pair.Key)?.AtATime > 1 ? null : AnswerTimes.Of(pair.Value.SelectMany(round => round)),
                Median(pair.Value.Zip(times[PlainOf(pair.Key)], (own, reference) => reference.Average() / own.Average()))))],
            fresh);
    }

    private static void Write(OnnxStudent student, string[] texts, int tokens)
    {
        var written = student.WriteLabelTokens(texts, tokens + 1, 1, CancellationToken.None);
        if (written.Any(row => row.Length != tokens))
        {
            throw new InvalidOperationException("A student of random weights ended a text; the ways are no longer equal.");
        }
    }

    private static FreshProcess Start(string folder, string precision, string[] questions, InferenceOptions options)
    {
        var file = Path.Combine(folder, "questions.txt");
        File.WriteAllLines(file, questions);
        var runs = Enumerable.Range(0, options.Short ? 1 : FreshStarts).Select(_ =>
        {
            using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["inference", Fresh, folder, precision, file]) { RedirectStandardOutput = true })!;
            var words = process.StandardOutput.ReadToEnd().Split(' ');
            process.WaitForExit();
            return (First: double.Parse(words[0], CultureInfo.InvariantCulture), Resident: long.Parse(words[1], CultureInfo.InvariantCulture));
        }).ToList();
        return new(
            precision,
            Median(runs.Select(run => run.First)),
            runs.Max(run => run.Resident),
            StudentPrecision.Parse(precision).BytesIn(folder));
    }

    private static string Machine()
    {
        var name = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
            : null;
        return $"{name ?? "unknown processor"}, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, ONNX Runtime {Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetVersionString()}";
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
