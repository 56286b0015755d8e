using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Students;
using StepDistill.Students.Weights;

namespace StepDistill.Training.Tests;

/// <summary>Runs with what large students need: other optimizers, frozen parts, adapters.</summary>
public sealed partial class TrainingRunTests
{
    public static TheoryData<string> Savings => ["adafactor", "frozen", "adapters", "adapters, adafactor"];

    [Theory]
    [MemberData(nameof(Savings))]
    public async Task A_run_that_saves_memory_also_goes_on_to_the_same_bits(string saving)
    {
        var recipe = Saving(Recipe(Arms.Finetune), saving);
        using var whole = new Workshop(recipe);
        using var interrupted = new Workshop(recipe);
        using var stop = new CancellationTokenSource();

        await whole.TrainAsync(cancellation: Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => interrupted.TrainAsync(
            report: happened => StopAt(4, happened, stop), cancellation: stop.Token));
        await interrupted.TrainAsync(cancellation: Stop);

        var (one, other) = (whole.Folder.Run(recipe.Training), interrupted.Folder.Run(recipe.Training));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(one.Student, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(other.Student, "model.safetensors")));
        Assert.Equal(
            RunLog.Read(one.Events).OfType<StepTaken>().Select(step => (step.Step, step.Loss)),
            RunLog.Read(other.Events).OfType<StepTaken>().Select(step => (step.Step, step.Loss)));
    }

    [Fact]
    public async Task A_student_of_adapters_is_a_whole_student_in_which_only_their_weights_differ()
    {
        var recipe = Recipe(Arms.Finetune);
        using var plain = new Workshop(recipe with { Training = recipe.Training with { MaxSteps = 1, LearningRate = 1e-12 } });
        using var adapted = new Workshop(Saving(recipe, "adapters"));
        await plain.TrainAsync(cancellation: Stop);
        await adapted.TrainAsync(cancellation: Stop);

        var changed = new List<string>();
        using var before = WeightFiles.Open(plain.Folder.Run(recipe.Training).Student);
        using var after = WeightFiles.Open(adapted.Folder.Run(recipe.Training).Student);
        Assert.Equal(before.Tensors.Select(tensor => tensor.Name), after.Tensors.Select(tensor => tensor.Name));
        foreach (var tensor in before.Tensors)
        {
            var (was, isNow) = (new float[tensor.Count], new float[tensor.Count]);
            before.Read(tensor.Name, was);
            after.Read(tensor.Name, isNow);
            if (was.Zip(isNow).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-6))
            {
                changed.Add(tensor.Name);
            }
        }

        Assert.Equal(2 * 9, changed.Count);        // queries and values of three blocks in the encoder, twice three in the decoder
        Assert.All(changed, name => Assert.Matches(@"\.[qv]\.weight$", name));
    }

    [Fact]
    public async Task Adapters_at_the_rate_of_whole_weights_get_a_warning()
    {
        var recipe = Saving(Recipe(Arms.Finetune), "adapters");
        using var workshop = new Workshop(recipe with { Training = recipe.Training with { LearningRate = 5e-5 } });
        await workshop.TrainAsync(cancellation: Stop);

        Assert.Contains(workshop.Warnings, warning => warning.Contains("5e-4 is usual", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_goes_on_with_the_parts_that_it_began_with_whatever_memory_there_is_now()
    {
        var recipe = Recipe(Arms.Finetune);
        var needs = MemoryNeeds.Of(
            T5Sizes.Named("t5-v1_1-tiny") with { VocabularySize = 256 }, recipe.Training, TorchSharp.torch.ScalarType.Float32);
        var little = (long)((needs.Fixed + needs.OfTokens(24, 6, again: true)) / 0.9) + 1;
        using var whole = new Workshop(recipe) { AvailableMemory = little };
        using var interrupted = new Workshop(recipe) { AvailableMemory = little };
        using var stop = new CancellationTokenSource();

        await whole.TrainAsync(cancellation: Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => interrupted.TrainAsync(
            report: happened => StopAt(4, happened, stop), cancellation: stop.Token));
        interrupted.AvailableMemory = 64L << 30;
        await interrupted.TrainAsync(cancellation: Stop);

        var (one, other) = (whole.Folder.Run(recipe.Training), interrupted.Folder.Run(recipe.Training));
        var planned = Assert.Single(RunLog.Read(one.Events).OfType<Planned>());
        Assert.True(planned.TokensPerPart > 0 || planned.Recompute);
        Assert.Equal(planned.TokensPerPart, Assert.Single(RunLog.Read(other.Events).OfType<Planned>()).TokensPerPart);
        Assert.Equal(2, interrupted.Warnings.Count(warning => warning.Contains("of memory.", StringComparison.Ordinal)));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(one.Student, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(other.Student, "model.safetensors")));
    }

    [Fact]
    public async Task A_training_that_does_not_fit_is_refused_before_its_first_step()
    {
        using var workshop = new Workshop(Recipe(Arms.Finetune)) { AvailableMemory = 100_000_000 };

        var fault = await Assert.ThrowsAsync<StepDistillException>(() => workshop.TrainAsync(cancellation: Stop));

        Assert.Contains("does not fit into memory", fault.Message, StringComparison.Ordinal);
        Assert.Empty(workshop.Events);
    }

    private static Recipe Saving(Recipe recipe, string saving) => recipe with
    {
        Training = recipe.Training with
        {
            Optimizer = saving.Contains("adafactor", StringComparison.Ordinal) ? "adafactor" : "adamw-hf",
            Freeze = saving == "frozen" ? ["embeddings", "encoder"] : null,
            Lora = new() { Rank = saving.Contains("adapters", StringComparison.Ordinal) ? 4 : 0 },
        },
    };
}
