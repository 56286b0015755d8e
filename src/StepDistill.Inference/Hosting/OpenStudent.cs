namespace StepDistill.Inference.Hosting;

/// <summary>From an application's options to a student.</summary>
internal static class OpenStudent
{
    /// <summary>Opens the student in the options' folder.</summary>
    /// <param name="options">Options that hold: see <see cref="StudentOptionsValidation"/>.</param>
    public static IStudentClassifier From(StudentOptions options) =>
        throw new NotImplementedException($"Students in folders cannot be opened yet: {options.Folder}.");
}
