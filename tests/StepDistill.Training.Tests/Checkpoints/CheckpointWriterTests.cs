using StepDistill.Training.Checkpoints;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Checkpoints;

public sealed class CheckpointWriterTests : IDisposable
{
    private readonly T5Network _network = T5Network.FromSeed(TinyTraining.Config, 7);
    private readonly AdamW _optimizer;
    private readonly List<int> _written = [];
    private readonly ManualResetEventSlim _disk = new(initialState: true);
    private readonly List<float> _onDisk = [];
    private Exception? _fault;

    public CheckpointWriterTests() => _optimizer = new AdamW(_network.Memory, epsilonBeforeCorrection: true);

    [Fact]
    public void Training_goes_on_while_a_checkpoint_is_written_and_the_checkpoint_stays_what_it_was()
    {
        using var writer = Writer();
        SetAll(1);
        _disk.Reset();
        writer.Begin(new TrainerState { Step = 1 }, null);
        SetAll(2);      // the next step
        writer.FinishIfWritten();
        Assert.Empty(_written);

        _disk.Set();
        writer.Finish();

        Assert.Equal([1], _written);
        Assert.Equal([1f], _onDisk);
    }

    [Fact]
    public void One_checkpoint_is_written_at_a_time_and_the_copy_s_memory_serves_again()
    {
        using var writer = Writer();
        for (var step = 1; step <= 5; step++)
        {
            SetAll(step);
            writer.Begin(new TrainerState { Step = step }, null);
        }

        writer.Finish();

        Assert.Equal([1, 2, 3, 4, 5], _written);
        Assert.Equal([1f, 2f, 3f, 4f, 5f], _onDisk);
    }

    [Fact]
    public void Without_a_copy_the_checkpoint_is_on_the_disk_before_training_goes_on()
    {
        using var writer = Writer(beside: false);

        writer.Begin(new TrainerState { Step = 1 }, null);

        Assert.Equal([1], _written);
    }

    [Fact]
    public void What_the_newest_checkpoint_says_already_is_not_written_again()
    {
        using var writer = Writer();
        var state = new TrainerState { Step = 1 };
        writer.Begin(state, null);
        writer.Begin(state, null);
        writer.Finish();

        Assert.Equal([1], _written);
    }

    [Theory]
    [InlineData("begin")]
    [InlineData("finish")]
    [InlineData("look")]
    public void A_write_that_failed_is_told_at_the_next_opportunity(string next)
    {
        using var writer = Writer();
        _fault = new StepDistillException("The disk is full.");
        _disk.Reset();
        writer.Begin(new TrainerState { Step = 1 }, null);
        _disk.Set();

        var fault = Assert.Throws<StepDistillException>(() =>
        {
            switch (next)
            {
                case "begin": writer.Begin(new TrainerState { Step = 2 }, null); break;
                case "finish": writer.Finish(); break;
                default: SpinWait.SpinUntil(() => { writer.FinishIfWritten(); return false; }, TimeSpan.FromSeconds(30)); break;
            }
        });

        Assert.Equal("The disk is full.", fault.Message);
        Assert.Empty(_written);
    }

    [Fact]
    public async Task Leaving_by_an_exception_waits_for_the_write_and_throws_no_other()
    {
        var writer = Writer();
        _fault = new StepDistillException("The disk is full.");
        _disk.Reset();
        writer.Begin(new TrainerState { Step = 1 }, null);
        var leaving = Task.Run(writer.Dispose, TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(leaving.IsCompleted);

        _disk.Set();
        await leaving;
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
        _disk.Dispose();
    }

    private CheckpointWriter Writer(bool beside = true) => new(
        (content, _) =>
        {
            _disk.Wait();
            if (_fault is not null)
            {
                throw _fault;
            }

            var first = new float[1];
            content.Weights[^1].Read(0, first);
            _onDisk.AddRange(first);
        },
        _network, _optimizer, TimeProvider.System, happened => _written.Add(happened.Step))
    {
        Beside = beside,
    };

    private void SetAll(double number)
    {
        using var frozen = no_grad();
        _network.Memory.Values.fill_(number);
    }
}
