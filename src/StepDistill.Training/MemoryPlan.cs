using System.Globalization;
using StepDistill.Batches;
using StepDistill.Recipes;

namespace StepDistill.Training;

/// <summary>How steps are computed so that they fit into memory. Chosen once, before the first step.</summary>
/// <param name="TokensPerPart">Most tokens computed at a time; 0 for all of a step's.</param>
/// <param name="Recompute">Whether blocks are computed again in the backward pass instead of kept.</param>
/// <param name="Bytes">What that takes at its most.</param>
/// <param name="Available">What there was.</param>
internal sealed record MemoryPlan(int TokensPerPart, bool Recompute, long Bytes, long Available)
{
    // What is left to others, to the files' cache and to this estimate's errors.
    private const double Usable = 0.9;

    // Parts smaller than this are slow: every part reads all weights and adds to all gradients.
    private const int SmallestGoodPart = 2048;

    /// <summary>Refuses a training whose weights, gradients and moments alone do not fit.</summary>
    /// <param name="needs">What the training needs.</param>
    /// <param name="training">Its settings, for advice.</param>
    /// <param name="available">Bytes that can be had.</param>
    /// <exception cref="StepDistillException">They do not fit.</exception>
    public static void RequireRoom(MemoryNeeds needs, TrainingSection training, long available)
    {
        if (needs.Fixed > available * Usable)
        {
            throw TooLarge(needs, training, needs.Fixed, available, "before the first token");
        }
    }

    /// <summary>Chooses parts and recomputation.</summary>
    /// <param name="needs">What the training needs.</param>
    /// <param name="recipe">Its settings; what they say is kept, and <c>auto</c> is chosen.</param>
    /// <param name="rows">The rows it trains on.</param>
    /// <param name="available">Bytes that can be had, with nothing of the training in memory yet.</param>
    /// <exception cref="StepDistillException">Not even the longest row alone fits.</exception>
    public static MemoryPlan Choose(MemoryNeeds needs, Recipe recipe, IReadOnlyList<EncodedRow> rows, long available)
    {
        var (training, batches) = (recipe.Training, recipe.Batches);
        var examples = rows.Select(row => Lengths.Longest(row.Choices)).OrderByDescending(lengths => lengths.Total).ToList();
        var chunk = (batches.BatchSize + training.GradientAccumulation - 1) / training.GradientAccumulation;
        var step = Lengths.Sum(examples.Take(chunk));
        var (longest, room) = (examples[0], (available * Usable) - needs.Fixed);

        bool[] ways = training.Recompute switch { "on" => [true], "off" => [false], _ => [false, true] };
        if (batches.TokensPerPart is { } given)
        {
            foreach (var again in ways)
            {
                var bytes = Bytes(given, again);
                if (bytes <= room || (training.Recompute != "auto" && bytes <= available - needs.Fixed))
                {
                    return new(given, again, needs.Fixed + bytes, available);
                }
            }

            throw TooLarge(needs, training, needs.Fixed + Bytes(given, ways[^1]), available, $"with batches.tokens_per_part {given}");
        }

        foreach (var again in ways)
        {
            if (needs.OfTokens(step.Sources, step.Targets, again) is var whole && whole <= room)
            {
                return new(0, again, needs.Fixed + whole, available);
            }

            var most = (int)Math.Clamp(room / needs.PerToken(again), 0, int.MaxValue / 2);
            var least = again == ways[^1] ? longest.Total : Math.Max(longest.Total, SmallestGoodPart);
            for (; most >= least; most -= Math.Max(1, most / 64))
            {
                if (Bytes(most, again) is var bytes && bytes <= room)
                {
                    return new(most, again, needs.Fixed + bytes, available);
                }
            }
        }

        throw TooLarge(
            needs, training, needs.Fixed + needs.OfTokens(longest.Sources, longest.Targets, ways[^1]), available,
            $"for the longest row of {longest.Total} tokens");

        // A part of so many tokens is at its dearest when they are all of one kind, and may be one longer row.
        long Bytes(int tokens, bool again) => tokens == 0
            ? needs.OfTokens(step.Sources, step.Targets, again)
            : Math.Max(
                Math.Max(needs.OfTokens(tokens, 0, again), needs.OfTokens(tokens / 2, tokens - (tokens / 2), again)),
                Math.Max(needs.OfTokens(0, tokens, again), needs.OfTokens(longest.Sources, longest.Targets, again)));
    }

    /// <inheritdoc/>
    public override string ToString() =>
        (TokensPerPart == 0 ? "Steps are computed whole" : $"Steps are computed in parts of at most {TokensPerPart} tokens")
        + (Recompute ? ", blocks once more on the way back" : "")
        + $": at most {Show(Bytes)} of {Show(Available)} of memory.";

    private static StepDistillException TooLarge(
        MemoryNeeds needs, TrainingSection training, long bytes, long available, string when)
    {
        List<string> advice = [];
        if (training.Recompute == "off")
        {
            advice.Add("training.recompute auto");
        }

        if (training.Lora.Rank == 0)
        {
            advice.Add("training.lora.rank 8 with a training.learning_rate of 5e-4");
        }

        if (training.Optimizer != "adafactor" && training.Lora.Rank == 0)
        {
            advice.Add("training.optimizer adafactor");
        }

        advice.Add("fewer batches.max_input_tokens and max_target_tokens");
        advice.Add("a smaller student");
        return new StepDistillException(
            $"This training does not fit into memory: it would take {Show(bytes)} {when}, and {Show(available)} are available, of which "
            + $"{Usable:P0} are used. Weights take {Show(needs.Weights)}, gradients {Show(needs.Gradients)}, the optimizer "
            + $"{Show(needs.Moments)}, the program {Show(needs.Program)}. What helps: {string.Join("; ", advice)}.");
    }

    private static string Show(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB");

    /// <summary>Tokens of one or several examples.</summary>
    private readonly record struct Lengths(long Sources, long Targets)
    {
        public long Total => Sources + Targets;

        public static Lengths Longest(IEnumerable<EncodedExample> choices) => choices.Select(Of).MaxBy(lengths => lengths.Total);

        public static Lengths Sum(IEnumerable<Lengths> all) =>
            all.Aggregate(default(Lengths), (a, b) => new(a.Sources + b.Sources, a.Targets + b.Targets));

        private static Lengths Of(EncodedExample example)
        {
            var targets = example.Label.Target.Length + (example.Rationale?.Target.Length ?? 0);
            return new(example.TokenCount - targets, targets);
        }
    }
}
