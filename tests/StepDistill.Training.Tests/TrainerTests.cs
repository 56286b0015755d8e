using StepDistill.Runs;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;

namespace StepDistill.Training.Tests;

public sealed partial class TrainerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(11)]
    public void A_training_that_was_stopped_ends_in_the_same_bits(int stopAfter)
    {
        using var whole = new TinyTraining();
        using var interrupted = new TinyTraining();

        var expected = Bits(whole.Run().Network);
        Assert.Null(interrupted.Run(stopAfter).State);
        var (network, state) = interrupted.Run();

        Assert.Equal(12, state!.Step);
        Assert.Equal(expected, Bits(network));
        Assert.Equal(
            whole.Events.OfType<StepTaken>().Select(e => (e.Step, e.Loss, e.GradientNorm)),
            interrupted.Events.OfType<StepTaken>().Select(e => (e.Step, e.Loss, e.GradientNorm)));
    }

    [Fact]
    public void It_learns()
    {
        using var training = new TinyTraining { Steps = 150 };
        training.Run();
        var losses = training.Events.OfType<StepTaken>().Select(e => e.Loss).ToList();

        Assert.True(losses[^5..].Average() < losses[..5].Average() / 2, $"The loss went from {losses[0]} to {losses[^1]}.");
    }

    [Fact]
    public void Training_stops_when_the_score_no_longer_rises_and_keeps_the_best_weights()
    {
        using var training = new TinyTraining { Steps = 60, Patience = 2, Scores = [0.1, 0.5, 0.4, 0.5, 0.9] };

        var (_, state) = training.Run();

        Assert.Equal(12, state!.Step);      // looks at 3, 6, 9 and 12; the second was the best
        Assert.Equal(new StoppedEarly(6, 0.5) { Step = 12 }, training.Events[^1]);
        Assert.Equal(["checkpoint-12", "checkpoint-6", "checkpoint-9"], training.Checkpoints());
    }

    [Fact]
    public void The_newest_two_checkpoints_and_the_best_are_kept()
    {
        using var training = new TinyTraining { Steps = 18, Scores = [0.1, 0.9, 0.2] };
        training.Run();

        Assert.Equal(["checkpoint-15", "checkpoint-18", "checkpoint-6"], training.Checkpoints());
    }

    [Fact]
    public void A_loss_that_is_not_a_number_stops_the_training_and_saves_what_explains_it()
    {
        using var training = new TinyTraining();
        training.Run(stopAfter: 4);
        Directory.Delete(Path.Combine(training.Folder, "checkpoint-4"), recursive: true);
        Directory.Delete(Path.Combine(training.Folder, "checkpoint-3"), recursive: true);

        var fault = Assert.Throws<StepDistillException>(() => training.Run(spoil: network =>
        {
            using var frozen = TorchSharp.torch.no_grad();
            T5Weights.Of(network)[0].Weight.fill_(float.NaN);
        }));

        Assert.StartsWith("At step 1 the loss is NaN", fault.Message, StringComparison.Ordinal);
        Assert.Contains("learning rate (0.01)", fault.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(training.Folder, "checkpoint-0"), fault.Message, StringComparison.Ordinal);
        Assert.Contains("e", File.ReadAllText(Path.Combine(training.Folder, "failed-step-1.json")), StringComparison.Ordinal);
        Assert.Equal(["checkpoint-0"], training.Checkpoints());
    }

    [Fact]
    public void A_gradient_in_parts_is_the_mean_of_the_parts()
    {
        // Parts of equal make-up: then the mean of the parts' losses is the loss of the whole.
        var network = T5Network.FromSeed(TinyTraining.Config with { DropoutRate = 0 }, 7);
        var examples = TinyTraining.Examples[..2].Concat(TinyTraining.Examples[..2]).ToList();
        var step = new TrainStep(network, StepByStepLoss.Program(), new AdamW(network.Memory, epsilonBeforeCorrection: true), 1);

        var whole = step.Run(examples, learningRate: 0);
        var parts = step.Run(examples, learningRate: 0, parts: 2);

        Assert.Equal(whole.Loss, parts.Loss, 1e-5);
        Assert.Equal(whole.GradientNorm, parts.GradientNorm, 1e-4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public void A_budget_of_tokens_gives_the_gradient_of_the_whole_batch(int budget)
    {
        // Parts of any make-up: each token counts what it counts in the whole batch.
        var examples = TinyTraining.Examples;
        (StepResult Result, float[] Weights) Take(int tokens)
        {
            using var network = T5Network.FromSeed(TinyTraining.Config with { DropoutRate = 0 }, 7);
            using var optimizer = new AdamW(network.Memory, epsilonBeforeCorrection: true);
            using var step = new TrainStep(network, StepByStepLoss.Program(), optimizer, 1) { TokenBudget = tokens };
            var result = step.Run(examples, learningRate: 1e-3);
            return (result, [.. T5Weights.Of(network).SelectMany(w => w.Weight.data<float>().ToArray())]);
        }

        var (whole, parts) = (Take(0), Take(budget));

        Assert.Equal(whole.Result.Loss, parts.Result.Loss, 1e-6);
        Assert.Equal(whole.Result.RationaleLoss!.Value, parts.Result.RationaleLoss!.Value, 1e-6);
        Assert.Equal(whole.Result.GradientNorm, parts.Result.GradientNorm, 1e-5);
        Assert.All(whole.Weights.Zip(parts.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    private static int[] Bits(T5Network network) =>
        [.. T5Weights.Of(network).SelectMany(w => w.Weight.data<float>().ToArray()).Select(BitConverter.SingleToInt32Bits)];
}
