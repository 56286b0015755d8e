using Microsoft.Extensions.Options;

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

        if (!StudentOptions.Precisions.Contains(options.Precision, StringComparer.Ordinal))
        {
            yield return $"{nameof(options.Precision)} is '{options.Precision}'; it must be {OneOf(StudentOptions.Precisions)}.";
        }

        if (options.Threads is < 1)
        {
            yield return $"{nameof(options.Threads)} is {options.Threads}; it must be at least 1. Leave it out for the runtime's choice.";
        }

        if (options.MaxBatch < 1)
        {
            yield return $"{nameof(options.MaxBatch)} is {options.MaxBatch}; it must be at least 1.";
        }
    }

    private static string OneOf(IReadOnlyList<string> words) => $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";
}
