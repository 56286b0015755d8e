using StepDistill.Benchmarks;
using StepDistill.Training.Devices;

if (args is not ["train-step", ..])
{
    Console.Error.WriteLine(
        """
        Usage: train-step [--json] [--short] [--size small,base] [--batch 64,8] [--rounds N]
               train-step --memory paper|float32|bfloat16 --size small --batch 64

        Measures training steps of a T5 with random weights on the lengths of CommonsenseQA with PaLM's rationales: the
        paper's arithmetic, ours in float32 and ours in bfloat16, in turn. --short is small and checks numbers only.
        """);
    return 2;
}

NativeLibraries.Require();
if (args.Length > 1 && args[1].StartsWith("steps", StringComparison.Ordinal)) { var q = args[1].Split(":"); Scratch.Steps(q[1], q[2], int.Parse(q[3])); return 0; }
if (args.Length > 1 && args[1].StartsWith("profile", StringComparison.Ordinal)) { Scratch.Run(args[1].Split(":")[1]); return 0; }
return TrainStepBenchmark.Run(Options.Parse(args[1..]));
