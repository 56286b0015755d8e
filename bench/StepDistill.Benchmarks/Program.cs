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

try
{
    var options = Options.Parse(args[1..]);
    NativeLibraries.Require();
    return TrainStepBenchmark.Run(options);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
