using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace StepDistill.Inference.Hosting;

/// <summary>Reads one student's options from a section of the application's configuration.</summary>
/// <remarks>
/// By hand, for a binder by reflection would not survive trimming. What cannot be read is left as it was and told by
/// <see cref="Validate"/>, so that one start tells everything that is wrong.
/// </remarks>
/// <param name="name">The student's name in the application.</param>
/// <param name="section">The section.</param>
internal sealed class StudentSection(string name, IConfigurationSection section) : IValidateOptions<StudentOptions>
{
    private static readonly Dictionary<string, Setting> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(StudentOptions.Folder)] = new("a folder's path", (text, options) =>
        {
            options.Folder = text;
            return true;
        }),
        [nameof(StudentOptions.Precision)] = new("a precision's name", (text, options) =>
        {
            options.Precision = text;
            return true;
        }),
        [nameof(StudentOptions.Threads)] = new("a whole number", (text, options) =>
        {
            var isNumber = Number(text, out var threads);
            options.Threads = isNumber ? threads : options.Threads;
            return isNumber;
        }),
        [nameof(StudentOptions.MaxBatch)] = new("a whole number", (text, options) =>
        {
            var isNumber = Number(text, out var rows);
            options.MaxBatch = isNumber ? rows : options.MaxBatch;
            return isNumber;
        }),
        [nameof(StudentOptions.WarmUp)] = new("true or false", (text, options) =>
        {
            var isWord = bool.TryParse(text, out var warmUp);
            options.WarmUp = isWord ? warmUp : options.WarmUp;
            return isWord;
        }),
    };

    /// <summary>Takes over what the section says.</summary>
    public void Read(StudentOptions options) => Faults(options);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? of, StudentOptions options)
    {
        if (of != name)
        {
            return ValidateOptionsResult.Skip;
        }

        var faults = Faults(new StudentOptions());
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static bool Number(string text, out int number) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    /// <summary>Sets what can be read, and says what cannot.</summary>
    private List<string> Faults(StudentOptions options)
    {
        var faults = new List<string>();
        if (!section.Exists())
        {
            faults.Add($"{StudentOptionsValidation.Who(name)}: the configuration has no section '{section.Path}'; "
                + $"it must be there and hold at least {nameof(StudentOptions.Folder)}.");
        }

        foreach (var entry in section.GetChildren())
        {
            if (!Settings.TryGetValue(entry.Key, out var setting))
            {
                faults.Add($"{entry.Path} is no setting of a student; those are {string.Join(", ", Settings.Keys)}.");
            }
            else if (entry.Value is not { } text || !setting.Set(text, options))
            {
                faults.Add($"{entry.Path} is {(entry.Value is null ? "not a single value" : $"'{entry.Value}'")}; it must be {setting.Expected}.");
            }
        }

        return faults;
    }

    /// <summary>One key of the section.</summary>
    /// <param name="Expected">What its value must be, in words.</param>
    /// <param name="Set">Sets the option from text; false where the text is not what is expected.</param>
    private sealed record Setting(string Expected, Func<string, StudentOptions, bool> Set);
}
