namespace StepDistill.Tasks;

/// <summary>Gathers what is wrong with a file's rows, so that a person learns of several at once.</summary>
/// <param name="file">The file, as messages call it.</param>
/// <param name="unit">What a number counts: <c>line</c> or <c>row</c>.</param>
internal sealed class RowFaults(string file, string unit)
{
    /// <summary>Faults after which looking further makes no sense.</summary>
    public const int Most = 10;

    private readonly List<string> faults = [];

    /// <summary>Whether a fault was found; from then on no row is given out.</summary>
    public bool Any => faults.Count > 0;

    /// <summary>Notes a faulty row.</summary>
    /// <exception cref="StepDistillException">It is the tenth.</exception>
    public void Add(long number, string reason)
    {
        faults.Add($"{unit} {number}: {reason}");
        if (faults.Count == Most)
        {
            throw Exception($"{file} has at least {Most} faulty rows (reading stopped there):");
        }
    }

    /// <summary>Ends the reading of the file.</summary>
    /// <exception cref="StepDistillException">Faults were found.</exception>
    public void ThrowIfAny()
    {
        if (Any)
        {
            throw Exception($"{file} has {(faults.Count == 1 ? "1 faulty row" : $"{faults.Count} faulty rows")}:");
        }
    }

    /// <summary>Makes the exception for what ends the reading at once.</summary>
    public StepDistillException Fatal(long? after, string reason, Exception? inner = null) =>
        Exception($"{file}{(after > 0 ? $", after {unit} {after}" : "")}: {reason}", inner);

    private StepDistillException Exception(string first, Exception? inner = null) =>
        new(string.Join($"{Environment.NewLine}  - ", [first, .. faults]), inner);
}
