using Microsoft.Extensions.Options;
using StepDistill.Inference.Sessions;
using StepDistill.Students;

namespace StepDistill.Inference.Hosting;

/// <summary>Says everything that is wrong with a student's options at once, when the host starts.</summary>
internal sealed class StudentOptionsValidation : IValidateOptions<StudentOptions>
{
    public ValidateOptionsResult Validate(string? name, StudentOptions options)
    {
        List<string> faults = [.. Faults(options).Select(fault => $"{Who(name)}: {fault}")];
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    /// <summary>How messages call a student by its name in the application.</summary>
    public static string Who(string? name) => string.IsNullOrEmpty(name) ? "The student" : $"The student '{name}'";

    private static IEnumerable<string> Faults(StudentOptions options)
    {
        if (options.OpensFolder && string.IsNullOrWhiteSpace(options.Folder))
        {
            yield return $"{nameof(options.Folder)} is empty; name the folder of an exported student.";
        }
        else if (options.OpensFolder && !Directory.Exists(options.Folder))
        {
            yield return $"{nameof(options.Folder)} is '{options.Folder}', and there is no such folder; "
                + "name the folder of an exported student.";
        }

        if (options.Precision != OnnxStudentSettings.Auto
            && !StudentPrecision.IsKnown(options.Precision))
        {
            yield return $"{nameof(options.Precision)} is '{options.Precision}'; it must be {OnnxStudentSettings.Auto}, "
                + $"one of {string.Join(", ", StudentGraphs.Precisions)}, or two of them with a plus between.";
        }

        if (options.Threads is < 1)
        {
            yield return $"{nameof(options.Threads)} is {options.Threads}; it must be at least 1. Leave it out for one a core.";
        }

        if (options.MaxBatch < 1)
        {
            yield return $"{nameof(options.MaxBatch)} is {options.MaxBatch}; it must be at least 1.";
        }
    }
}
