namespace StepDistill.Inference.Cascades;

/// <summary>Counts what becomes of calls. Safe for use by several threads at once.</summary>
internal sealed class CascadeCounter
{
    private readonly Lock _counting = new();
    private StudentFirstCounts _counts = new();

    public StudentFirstCounts Counts
    {
        get
        {
            lock (_counting)
            {
                return _counts;
            }
        }
    }

    public void Add(Func<StudentFirstCounts, StudentFirstCounts> change)
    {
        lock (_counting)
        {
            _counts = change(_counts);
        }
    }
}
