using StepDistill.Inference;

namespace StepDistill.Serving.Hosting;

/// <summary>A student that several requests hold; it is disposed when it has been retired and the last of them lets go.</summary>
/// <param name="student">The student.</param>
internal sealed class SharedStudent(IStudentClassifier student)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _holders;
    private bool _retired;

    /// <summary>The student; used between <see cref="TryHold"/> and <see cref="LetGo"/> only.</summary>
    public IStudentClassifier Student { get; } = student;

    /// <summary>Ends when the student has been disposed.</summary>
    public Task Disposed => _disposed.Task;

    /// <summary>Takes hold of it; false when it has been retired.</summary>
    public bool TryHold()
    {
        lock (_gate)
        {
            _holders += _retired ? 0 : 1;
            return !_retired;
        }
    }

    /// <summary>Lets go of it.</summary>
    public void LetGo() => EndIf(() => --_holders == 0 && _retired);

    /// <summary>Nobody takes hold of it any more.</summary>
    public void Retire() => EndIf(() =>
    {
        var first = !_retired;
        _retired = true;
        return first && _holders == 0;
    });

    private void EndIf(Func<bool> over)
    {
        lock (_gate)
        {
            if (!over())
            {
                return;
            }
        }

        Student.Dispose();
        _disposed.TrySetResult();
    }
}
