using StepDistill.Inference;

namespace StepDistill.Serving.Hosting;

/// <summary>The student that answers now, and its change to the next one without a failed request.</summary>
/// <remarks>Safe for use by any number of threads at once.</remarks>
public sealed class StudentHost : IAsyncDisposable
{
    private readonly SemaphoreSlim _changing = new(1);
    private readonly Action<IStudentClassifier> _warmUp;
    private SharedStudent? _now;

    /// <summary>Creates a host that has no student yet.</summary>
    /// <param name="warmUp">What a student does before it answers for the first time; null for <see cref="WarmUp.Run"/> with batches of 8.</param>
    public StudentHost(Action<IStudentClassifier>? warmUp = null) => _warmUp = warmUp ?? (student => WarmUp.Run(student, 8));

    /// <summary>Called after each change, with the student that answers from now on.</summary>
    public event Action<StudentDescription>? Changed;

    /// <summary>What answers now; null before the first student is warm.</summary>
    public StudentDescription? Description => Volatile.Read(ref _now)?.Student.Description;

    /// <summary>Warms a student up, and lets it answer from then on. The one before ends when its last request does.</summary>
    /// <param name="next">The next student; the host disposes it, at once if it fails to warm up.</param>
    /// <param name="cancellation">Gives up waiting for another change; a warm-up that has begun goes on.</param>
    public async Task ChangeAsync(IStudentClassifier next, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(next);
        await _changing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await Task.Run(() => Warm(next), CancellationToken.None).ConfigureAwait(false);
            var before = Interlocked.Exchange(ref _now, new SharedStudent(next));
            Changed?.Invoke(next.Description);
            before?.Retire();
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Takes hold of the student that answers now.</summary>
    /// <returns>Null before the first student is warm, and after the end.</returns>
    internal StudentLease? Rent()
    {
        while (Volatile.Read(ref _now) is { } shared)
        {
            if (shared.TryHold())
            {
                return new StudentLease(shared);
            }
        }       // retired between two lines: its successor is there already

        return null;
    }

    /// <summary>Lets the student go; it is disposed when the last request that holds it ends.</summary>
    public ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _now, null)?.Retire();
        return ValueTask.CompletedTask;
    }

    private void Warm(IStudentClassifier next)
    {
        try
        {
            _warmUp(next);
        }
        catch
        {
            next.Dispose();
            throw;
        }
    }
}
