using System.Diagnostics;
using StepDistill.Export;
using StepDistill.Inference;

namespace StepDistill.Benchmarks.Inferring;

internal static class Probe
{
    public static int Run(string[] args)
    {
        var folder = args[0];
        if (!Directory.Exists(folder))
        {
            var student = RandomStudent.Write(folder, "small");
            foreach (var precision in Enum.GetValues<ExportPrecision>())
            {
                StudentExporter.Export(student, precision);
            }
        }

        static string Rss() { using var p = Process.GetCurrentProcess(); return $"{p.WorkingSet64 / 1e6:0}"; }
        if (args[1] == "mem")
        {
            Console.WriteLine($"start {Rss()}");
            foreach (var file in args[2..])
            {
                var options = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1 };
                foreach (var entry in (Environment.GetEnvironmentVariable("ORT_OPTS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
                {
                    if (entry == "noarena") { options.EnableCpuMemArena = false; }
                    else if (entry == "basic") { options.GraphOptimizationLevel = Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_ENABLE_BASIC; }
                    else if (entry == "none") { options.GraphOptimizationLevel = Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_DISABLE_ALL; }
                    else if (entry == "save") { options.OptimizedModelFilePath = "/tmp/opt.onnx"; }
                    else { options.AddSessionConfigEntry(entry.Split('=')[0], entry.Split('=')[1]); }
                }
                var watch = Stopwatch.StartNew();
                var session = new Microsoft.ML.OnnxRuntime.InferenceSession(Path.Combine(folder, "onnx", file), options);
                Console.WriteLine($"{file}: {watch.ElapsedMilliseconds} ms, rss {Rss()}");
                GC.KeepAlive(session);
            }
            GC.Collect();
            Console.WriteLine($"end {Rss()}");
            return 0;
        }

        foreach (var precision in args[1..])
        {
            var watch = Stopwatch.StartNew();
            using var one = OnnxStudent.Open(folder, new() { Precision = precision, Threads = 1, MaxBatch = 16, MaxTokens = 4 });
            var open = watch.Elapsed.TotalMilliseconds;
            var questions = Enumerable.Range(0, 64).Select(i => new StudentQuestion(RandomStudent.Text(48, i))).ToArray();
            watch.Restart();
            one.Classify(questions[..1]);
            var first = watch.Elapsed.TotalMilliseconds;
            double Time(Action action, int count)
            {
                action();
                var best = double.MaxValue;
                for (var i = 0; i < 5; i++)
                {
                    var from = Process.GetCurrentProcess().TotalProcessorTime;
                    action();
                    best = Math.Min(best, (Process.GetCurrentProcess().TotalProcessorTime - from).TotalMilliseconds / count);
                }

                return best;
            }

            var single = Time(() => { for (var i = 0; i < 8; i++) { one.Classify(questions[i..(i + 1)]); } }, 8);
            var batch = Time(() => one.Classify(questions[..16]), 16);
            var write1 = Time(() => one.WriteLabelTokens([questions[0].Input], 4, 1, default), 1);
            var write33 = Time(() => one.WriteLabelTokens([questions[0].Input], 33, 1, default), 1);
            var write16 = Time(() => one.WriteLabelTokens([.. questions[..16].Select(q => q.Input)], 33, 1, default), 16);
            var before = GC.GetAllocatedBytesForCurrentThread();
            one.WriteLabelTokens([questions[0].Input], 33, 1, default);
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            using var process = Process.GetCurrentProcess();
            Console.WriteLine($"{precision}: open {open:0} first {first:0} score1 {single:0.0} score16 {batch:0.0} write3 {write1:0.0} write32 {write33:0.0} per token {(write33 - write1) / 29:0.00} write32x16 {write16:0.0} bytes {bytes} rss {process.WorkingSet64 / 1e6:0} peak {process.PeakWorkingSet64 / 1e6:0}");
        }

        return 0;
    }
}
