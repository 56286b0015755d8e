using StepDistill.Runs;

namespace StepDistill.Tests.Runs;

public sealed class RunLockTests : IDisposable
{
    private readonly TemporaryFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void It_can_be_held_once_at_a_time()
    {
        var folder = new RunFolder(_files["run"]);
        Assert.False(RunLock.IsHeld(folder));

        using (RunLock.Take(folder))
        {
            Assert.True(RunLock.IsHeld(folder));
            var fault = Assert.Throws<StepDistillException>(() => RunLock.Take(folder));
            Assert.StartsWith($"Another process is at work in {folder.Root}", fault.Message, StringComparison.Ordinal);
        }

        Assert.False(RunLock.IsHeld(folder));
        RunLock.Take(folder).Dispose();
    }

    [Fact]
    public async Task Who_waits_goes_on_when_the_lock_is_given_back()
    {
        var folder = new RunFolder(_files["run"]);
        var held = RunLock.Take(folder);

        var wait = RunLock.WhenFreeAsync(folder, TimeProvider.System, TestContext.Current.CancellationToken);
        var early = wait.IsCompleted;
        held.Dispose();
        await wait;

        Assert.False(early);
        Assert.False(RunLock.IsHeld(folder));
    }

    [Fact]
    public async Task A_look_is_not_taken_for_a_holder()
    {
        var folder = new RunFolder(_files["run"]);
        RunLock.Take(folder).Dispose();
        using var stop = new CancellationTokenSource();
        var looks = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    RunLock.IsHeld(folder);
                    Thread.Sleep(20);
                }
            },
            TestContext.Current.CancellationToken);

        for (var i = 0; i < 100; i++)
        {
            RunLock.Take(folder).Dispose();
        }

        await stop.CancelAsync();
        await looks;
    }
}
