namespace StepDistill.Inference.Hosting;

/// <summary>From an application's options to a student.</summary>
internal static class OpenStudent
{
    /// <summary>Opens the student in the options' folder.</summary>
    /// <param name="options">Options that hold: see <see cref="StudentOptionsValidation"/>.</param>
    /// <exception cref="StepDistillException">There is no student, it was not exported in that precision, or a file is damaged.</exception>
    public static IStudentClassifier From(StudentOptions options) => OnnxStudent.Open(options.Folder, new OnnxStudentSettings
    {
        Precision = options.Precision,
        Threads = options.Threads,
        MaxBatch = options.MaxBatch,
    });
}
