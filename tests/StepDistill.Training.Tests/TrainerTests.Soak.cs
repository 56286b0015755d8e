using System.Globalization;
using StepDistill.Runs;
using StepDistill.Training.Devices;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests;

/// <summary>Minutes long, so only <c>eng/nightly</c> runs them.</summary>
public sealed partial class TrainerTests
{
    [Fact(Explicit = true)]
    public void Resident_memory_stays_flat_over_2_000_steps()
    {
        List<double> megabytes = [];
        using var training = new TinyTraining
        {
            Steps = 2000,
            EvaluateEverySteps = 20,
            CheckpointEverySteps = 10,
            Look = Answer,
            Report = happened =>
            {
                if (happened is StepTaken { Step: var step } && step % 100 == 0)
                {
                    megabytes.Add(Resident());
                    Say($"step {step}: {megabytes[^1]:F1} MB, of which the runtime holds {GC.GetGCMemoryInfo().TotalCommittedBytes / 1e6:F1}");
                }
            },
        };

        training.Run().Network.Dispose();

        AssertFlat(megabytes[5..10], megabytes[15..]);
    }

    [Fact(Explicit = true)]
    public async Task Runs_in_turn_take_no_more_memory_than_one()
    {
        List<double> megabytes = [];
        for (var run = 1; run <= 12; run++)
        {
            // On whatever thread of the pool is free, as runs are that follow each other in a comparison.
            await Task.Run(
                () =>
                {
                    List<double> waits = [];
                    using var training = new TinyTraining
                    {
                        Sizes = TinyTraining.Config with { Width = 256, FeedForwardWidth = 512, VocabularySize = 20_000 },
                        Steps = 12,
                        Look = Answer,
                        Report = happened => waits.AddRange(happened is CheckpointWritten { SecondsWaited: { } wait } ? [wait] : []),
                    };
                    training.Run().Network.Dispose();
                    Say($"run {run} stood still for its checkpoints, of 10 million weights, for {string.Join(", ", waits)} seconds");
                    NativeHeap.GiveBackWhatIsFree();        // as a run does at its end
                },
                Stop);
            megabytes.Add(Resident());
            Say($"run {run}: {megabytes[^1]:F1} MB, of which the runtime holds {GC.GetGCMemoryInfo().TotalCommittedBytes / 1e6:F1}");
        }

        AssertFlat(megabytes[3..6], megabytes[9..]);
    }

    private static void AssertFlat(List<double> before, List<double> after) => Assert.True(
        after.Max() <= before.Max() * 1.03, $"Memory went from {before.Max():F1} to {after.Max():F1} MB.");

    private static void Answer(T5Network network)
    {
        using var scope = NewDisposeScope();
        var (ids, mask) = TensorBatch.Sources([[3, 4, 1], [5, 1]], network.Config.PadId, CPU);
        T5Decoding.Beam(network, ids, mask, 8, beams: 2);
    }

    private static double Resident() => Environment.WorkingSet / 1e6;

    private static void Say(FormattableString what) =>
        TestContext.Current.SendDiagnosticMessage(what.ToString(CultureInfo.InvariantCulture));
}
