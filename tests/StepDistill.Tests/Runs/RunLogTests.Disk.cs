using StepDistill.Runs;

namespace StepDistill.Tests.Runs;

public sealed partial class RunLogTests
{
    [Fact]
    public void A_log_that_cannot_be_written_is_named_with_what_to_do()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Only Linux has a disk that is always full.");
        using var log = RunLog.Create("/dev/full", TimeProvider.System);

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var fault = Assert.Throws<StepDistillException>(() => log.Append(new Resumed { Step = 1 }));

            Assert.StartsWith("The log /dev/full cannot be written: ", fault.Message, StringComparison.Ordinal);
            Assert.Contains("No space left on device", fault.Message, StringComparison.Ordinal);
            Assert.Contains("Make room, then run the same command again", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_checkpoint_that_was_written_beside_training_may_stand_after_later_steps()
    {
        using (var log = RunLog.Create(_path, TimeProvider.System))
        {
            log.Append(new StepTaken(1, 1, 1, 1) { Step = 1 });
            log.Append(new StepTaken(1, 1, 1, 1) { Step = 2 });
            log.Append(new CheckpointWritten { Step = 1, SecondsWaited = 0.5 });
            log.Append(new StepTaken(1, 1, 1, 1) { Step = 3 });
        }

        RunLog.Resume(_path, 1, TimeProvider.System).Dispose();

        Assert.Equal(
            [typeof(StepTaken), typeof(CheckpointWritten), typeof(Resumed)],
            RunLog.Read(_path).Select(happened => happened.GetType()));
    }

    [Fact]
    public void A_log_that_is_cut_anywhere_can_be_gone_on_with()
    {
        Write(steps: 4);
        var whole = File.ReadAllBytes(_path);
        var before = RunLog.Read(_path).Where(happened => happened.Step <= 1 && happened is StepTaken).ToList();
        for (var cut = Array.IndexOf(whole, (byte)'\n', Array.IndexOf(whole, (byte)'\n') + 1); cut < whole.Length; cut++)
        {
            File.WriteAllBytes(_path, whole[..cut]);
            using (var log = RunLog.Resume(_path, 1, TimeProvider.System))
            {
                log.Append(new StepTaken(1, 1, 1, 1) { Step = 2 });
            }

            var events = RunLog.Read(_path).ToList();
            Assert.Equal(before, events.Where(happened => happened.Step <= 1 && happened is StepTaken));
            Assert.Equal(2, Assert.IsType<StepTaken>(events[^1]).Step);
        }
    }
}
