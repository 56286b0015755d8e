using StepDistill.Batches;
using StepDistill.Recipes;
using StepDistill.Students;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests;

public sealed class MemoryPlanTests
{
    private static readonly Recipe Recipe = new() { Name = "plan", Task = new() { Name = "nli" }, Batches = new() { BatchSize = 32 } };

    private static readonly MemoryNeeds Needs = MemoryNeeds.Of(T5Sizes.Named("t5-v1_1-small"), Recipe.Training, ScalarType.Float32);

    // 200 rows of 100 tokens and one of 600: a step of 32 has at most 3,700.
    private static readonly List<EncodedRow> Rows =
        [.. Enumerable.Range(0, 200).Select(i => Row(i, 80, 20)), Row(200, 500, 100)];

    [Fact]
    public void With_room_steps_are_computed_whole() =>
        Assert.Equal((0, false), Chosen(Recipe, 64L << 30));

    [Fact]
    public void With_less_room_they_are_computed_in_parts_that_fit()
    {
        var available = Available(room: Needs.OfTokens(2500, 500, again: false));
        var plan = MemoryPlan.Choose(Needs, Recipe, Rows, available);

        Assert.False(plan.Recompute);
        Assert.InRange(plan.TokensPerPart, 2048, 3000);
        Assert.True(plan.Bytes <= available);
        Assert.Contains($"in parts of at most {plan.TokensPerPart} tokens: at most ", plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_are_computed_again_rather_than_parts_made_small()
    {
        var plan = MemoryPlan.Choose(Needs, Recipe, Rows, Available(room: Needs.OfTokens(800, 200, again: false)));

        Assert.True(plan.Recompute);
        Assert.True(plan.TokensPerPart is 0 or > 1000);
    }

    [Fact]
    public void Where_the_longest_row_does_not_fit_the_numbers_and_ways_out_are_told()
    {
        var available = Available(room: Needs.OfTokens(200, 40, again: true));

        var fault = Assert.Throws<StepDistillException>(() => MemoryPlan.Choose(Needs, Recipe, Rows, available));

        Assert.StartsWith("This training does not fit into memory: it would take ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("for the longest row of 600 tokens", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Weights take 0.3 GB, gradients 0.3 GB, the optimizer 0.6 GB", fault.Message, StringComparison.Ordinal);
        Assert.Contains("training.optimizer adafactor", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_student_that_is_too_large_by_itself_is_refused_at_once()
    {
        var needs = MemoryNeeds.Of(T5Sizes.Named("t5-v1_1-xxl"), new(), ScalarType.BFloat16);

        var fault = Assert.Throws<StepDistillException>(() => MemoryPlan.RequireRoom(needs, new(), 64_000_000_000));

        Assert.Contains("it would take 156.4 GB before the first token, and 64.0 GB are available", fault.Message, StringComparison.Ordinal);
        Assert.Contains("training.lora.rank 8 with a training.learning_rate of 5e-4", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_recipe_says_is_kept()
    {
        var fixedParts = Recipe with
        {
            Batches = Recipe.Batches with { TokensPerPart = 700 },
            Training = Recipe.Training with { Recompute = "on" },
        };

        Assert.Equal((700, true), Chosen(fixedParts, 64L << 30));
        Assert.Equal((0, true), Chosen(Recipe with { Training = fixedParts.Training }, 64L << 30));
        Assert.Equal((700, false), Chosen(Recipe with { Batches = fixedParts.Batches }, 64L << 30));
    }

    private static (int TokensPerPart, bool Recompute) Chosen(Recipe recipe, long available)
    {
        var plan = MemoryPlan.Choose(Needs, recipe, Rows, available);
        return (plan.TokensPerPart, plan.Recompute);
    }

    private static long Available(long room) => (long)((Needs.Fixed + room) / 0.9) + 1;

    private static EncodedRow Row(int i, int sources, int targets) =>
        new([new EncodedExample($"e{i}", new(new int[sources], new int[targets]), null)]);
}
