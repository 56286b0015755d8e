using StepDistill.Benchmarks.Annotating;
using StepDistill.Benchmarks.Inferring;
using StepDistill.Benchmarks.Serving;
using StepDistill.Benchmarks.TrainSteps;
using StepDistill.Training.Devices;

const string Usage =
    """
    Usage: train-step [--json] [--short] [--size small,base] [--batch 64,8] [--rounds N] [--long-steps N]
           annotate   [--json] [--short] [--in-flight 64,1024] [--latency MILLISECONDS] [--rounds N] [--recorded FILE]
           inference  [--json] [--short] [--size small] [--rounds N] [--questions N] [--modules NODE_MODULES]
           serve      [--json] [--student FOLDER] [--connections 64] [--above 512] [--minutes 10 | --seconds N] [--threads N]
                      [--max-batch 32] [--workers 1] [--latency-limit MILLISECONDS] [--inputs FILE]

    train-step  Measures training steps of a T5 with random weights on the lengths of CommonsenseQA with PaLM's rationales:
                the paper's arithmetic, ours in float32 and ours in bfloat16, in turn.
    annotate    Measures asking a server on loopback that answers after a fixed time, and reading a file of recorded answers.
    serve       Measures a server on loopback, in a process of its own: below capacity, then above it. Without a student, with one
                that only takes time.

    inference   Measures a student of random weights in ONNX Runtime: labels scored and generated, reasons, one at a time and in
                batches, beside ONNX Runtime called plainly and transformers.js on the same files.

    --short is small and checks numbers only.
    """;

try
{
    switch (args)
    {
        case ["train-step", .. var rest]:
            NativeLibraries.Require();
            return TrainStepBenchmark.Run(Options.Parse(rest));
        case ["annotate", AnnotateBenchmark.Serve, var latency]:
            return await AnnotateBenchmark.ServeAsync(latency);
        case ["inference", InferenceBenchmark.Fresh, var folder, var precision, var questions]:
            return InferenceBenchmark.RunFresh(folder, precision, questions);
        case ["inference", .. var rest]:
            return InferenceBenchmark.Run(InferenceOptions.Parse(rest));
        case ["annotate", .. var rest]:
            return await AnnotateBenchmark.RunAsync(AnnotateOptions.Parse(rest));
        case ["serve", .. var rest]:
            return await ServeBenchmark.RunAsync(ServeOptions.Parse(rest));
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
