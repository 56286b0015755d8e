using StepDistill.Inference;

namespace StepDistill.Serving.Tests.Batching;

/// <summary>Holds a student's batches until it is opened.</summary>
internal sealed class Latch : IDisposable
{
    private readonly ManualResetEventSlim _open = new();
    private readonly ManualResetEventSlim _entered = new();

    public FakeStudent Student(params string[] held) => new()
    {
        Before = (rows, stop) =>
        {
            if (held.Length == 0 || rows.Any(row => held.Contains(row.Input)))
            {
                _entered.Set();
                WaitHandle.WaitAny([_open.WaitHandle, stop.WaitHandle], TimeSpan.FromSeconds(20));
            }
        },
    };

    public static IReadOnlyList<string> Inputs(IReadOnlyList<StudentQuestion> batch) => [.. batch.Select(row => row.Input)];

    /// <summary>Waits until a batch is held.</summary>
    public void WaitEntered() => Assert.True(_entered.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken), "No batch began.");

    public void Open() => _open.Set();

    public void Dispose()
    {
        _open.Set();
        _open.Dispose();
        _entered.Dispose();
    }
}
