namespace StepDistill.Inference.Hosting;

/// <summary>Which student an application uses, and how it runs.</summary>
/// <remarks>Read once, when the host starts: a student that is open keeps its settings.</remarks>
public sealed class StudentOptions
{
    /// <summary>The exported student's folder. A relative one is looked for below the host's content root.</summary>
    public string Folder { get; set; } = "";

    /// <summary>
    /// In which numbers it computes: <c>float32</c>, <c>int8</c>, <c>q8</c> or <c>q4</c>, or two of them as in <c>int8+q4</c>,
    /// for encoder and decoder; the folder must hold them. <c>auto</c> is what the export chose. Default: <c>auto</c>.
    /// </summary>
    public string Precision { get; set; } = OnnxStudentSettings.Auto;

    /// <summary>Threads of one pass; null for one a core. Default: null.</summary>
    public int? Threads { get; set; }

    /// <summary>Questions answered in one pass at most. Default: 32.</summary>
    public int MaxBatch { get; set; } = 32;

    /// <summary>Whether the host opens the student and asks it a sentence before it counts as started. Default: true.</summary>
    /// <remarks>Without it the student is opened by whoever asks for it first, who then waits for it.</remarks>
    public bool WarmUp { get; set; } = true;

    /// <summary>
    /// Opens the student that these options describe. Default: from <see cref="Folder"/>, which must then exist. Another one
    /// puts something else in the student's place, such as a fake in an application's tests.
    /// </summary>
    public Func<StudentOptions, IStudentClassifier> Open { get; set; } = OpenStudent.From;

    /// <summary>Whether the student comes from <see cref="Folder"/>.</summary>
    internal bool OpensFolder => Open == OpenStudent.From;
}
