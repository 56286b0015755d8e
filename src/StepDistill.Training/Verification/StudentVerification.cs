using StepDistill.Students;
using StepDistill.Students.Weights;
using StepDistill.Training.Devices;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training.Verification;

/// <summary>
/// What came of comparing a student with numbers that another program computed with the same weights.
/// </summary>
/// <param name="Weights">The file of weights that was verified.</param>
/// <param name="Reference">The reference folder.</param>
/// <param name="Checks">What was compared, at least one thing.</param>
/// <param name="NotChecked">What was not, each with the reason.</param>
/// <remarks>
/// The student computes on the CPU in float32 with dropout off, as the references were made. Tolerances: hidden states,
/// position bias and logits 2e-4; loss 1e-5 (nats per token); gradients 1e-4 of their norm; tokens exactly equal;
/// training traces 1e-4.
/// </remarks>
public sealed record StudentVerification(
    string Weights, string Reference, IReadOnlyList<VerificationCheck> Checks, IReadOnlyList<string> NotChecked)
{
    /// <summary>Whether every check passed.</summary>
    public bool Passed => Checks.All(check => check.Passed);

    /// <summary>Verifies a student.</summary>
    /// <param name="student">
    /// A folder with <c>config.json</c> and weights, or one file of weights with <c>config.json</c> beside it. The
    /// reference folder may be its own student.
    /// </param>
    /// <param name="reference">
    /// A folder with <c>inputs.json</c> and any of <c>expected.json</c>, <c>expected.safetensors</c>,
    /// <c>training.json</c> with
    /// <c>train_features.json</c>, and <c>trained_params.safetensors</c>; and <c>model.safetensors</c>, where weights
    /// that are stored with fewer bits are verified.
    /// </param>
    /// <param name="cancellation">Stops between two checks.</param>
    /// <returns>
    /// All differences. Weights of 16 bits are compared with the reference's weights, rounded the same way, instead.
    /// </returns>
    /// <exception cref="StepDistillException">
    /// The student or a file of the reference cannot be read, or the reference holds nothing to compare with.
    /// </exception>
    public static StudentVerification Run(string student, string reference, CancellationToken cancellation = default)
    {
        NativeLibraries.Require();
        var threads = get_num_threads();
        set_num_threads(1);
        try
        {
            return RunOnOneThread(student, reference, cancellation);
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    // The references were computed on one thread. Several add sums in another order; that is rounding, but where a weight's
    // true gradient is zero Adam makes a whole step of the rounding's sign, and a training trace drifts away by 4e-4.
    private static StudentVerification RunOnOneThread(string student, string reference, CancellationToken cancellation)
    {
        var folder = new ReferenceFolder(reference);
        var config = T5ConfigFile.Read(
            Directory.Exists(student) ? student : Path.GetDirectoryName(Path.GetFullPath(student))!);
        using var scope = NewDisposeScope();
        using var files = WeightFiles.Open(student);
        using var network = T5Weights.Load(config with { DropoutRate = 0 }, files);
        network.eval();

        List<VerificationCheck> checks = [];
        List<string> notChecked = [];
        var rounded = files.Tensors.Any(tensor => tensor.Type is WeightType.F16 or WeightType.BF16);
        checks.AddRange(WeightChecks.Run(network, files, folder, notChecked));
        if (rounded && checks.Count > 0)
        {
            notChecked.Add(
                $"what the network computes: {files.Path} holds rounded weights, and the reference's numbers belong to"
                + " full ones.");
        }
        else
        {
            checks.AddRange(NetworkChecks.Run(network, folder, notChecked, cancellation));
            checks.AddRange(TrainingChecks.Run(network, files, folder, notChecked, cancellation));
        }

        return checks.Count > 0
            ? new StudentVerification(files.Path, reference, checks, notChecked)
            : throw new StepDistillException(
                $"The reference {reference} holds nothing to compare a student with. {string.Join(" ", notChecked)}");
    }
}
