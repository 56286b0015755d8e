using StepDistill.Inference;

namespace StepDistill.Serving.Hosting;

/// <summary>A hold on the student that one request was accepted with; all of the request is answered by it, whatever changes meanwhile.</summary>
internal sealed class StudentLease : IDisposable
{
    private SharedStudent? _shared;

    /// <summary>Wraps a hold that was taken.</summary>
    public StudentLease(SharedStudent shared) => (_shared, Student) = (shared, shared.Student);

    /// <summary>The student; alive until the lease is disposed.</summary>
    public IStudentClassifier Student { get; }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _shared, null)?.LetGo();
}
