using MathNet.Numerics.Distributions;
using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class CascadePlanTests
{
    private const int Draws = 1500;

    [Theory]
    [InlineData(0.80, 400, 400)]
    [InlineData(0.84, 400, 400)]
    [InlineData(0.80, 1000, 150)]
    [InlineData(0.84, 150, 1000)]
    public void The_accuracy_promised_holds_on_new_rows(double accuracy, int rows, int future)
    {
        var (broken, made, share) = Trials(_ => Population.Calibrated, CascadeTarget.Accuracy(accuracy) with { FutureRows = future }, rows, future, Planned);

        Assert.True(made > Draws / 10, $"{made} promises");
        Assert.True(broken <= 0.05 * Draws, $"{broken} of {Draws} broken");
        Assert.True(share > 0.1, $"the student answers {share}");
    }

    [Fact]
    public void It_holds_whatever_the_population()
    {
        // Each draw has a population of its own, and its target lies where it is hard to tell: at the best that the population can do.
        var hard = new Random(7);
        var (broken, made, _) = Trials(Population.Any, null, 300, 300, Planned, population =>
            CascadeTarget.Accuracy(Math.Clamp(
                Enumerable.Range(0, 21).Max(i => population.Accuracy(i / 20.0)) - 0.01 - (0.08 * hard.NextDouble()), 0.05, 0.98)) with { FutureRows = 300 });

        Assert.True(made > Draws / 4, $"{made} promises");
        Assert.True(broken <= 0.05 * Draws, $"{broken} of {Draws} broken");
    }

    [Fact]
    public void It_holds_where_nothing_is_good_enough()
    {
        // Every threshold is just below the target: each promise is a wrong one.
        var flat = new Population(u => u, _ => 0.795, _ => 0.795);
        var (_, made, _) = Trials(_ => flat, CascadeTarget.Accuracy(0.8), 400, 1, Planned);

        Assert.InRange(made, 1, 0.05 * Draws);
    }

    [Fact]
    public void The_best_threshold_of_the_rows_themselves_does_not_hold()
    {
        var (broken, made, _) = Trials(
            _ => Population.Calibrated, CascadeTarget.Accuracy(0.84) with { FutureRows = 400 }, 400, 400, LowestThatWasRight);

        Assert.True(broken > 0.3 * made, $"{broken} of {made} broken");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(100)]
    public void The_accuracy_promised_among_the_students_answers_holds(int? future)
    {
        var target = CascadeTarget.AccuracyAmongAnswered(0.9) with { FutureRows = future };
        var chance = new Random(3);
        var (broken, made, share) = (0, 0, 0.0);
        for (var i = 0; i < Draws; i++)
        {
            var plan = CascadePlan.From(Population.Calibrated.Draw(500, chance), target);
            if (plan.Rule is { } rule)
            {
                var longRun = Population.Calibrated.AccuracyAmong(rule.Threshold);
                broken += future is { } next ? Binomial.Sample(chance, longRun, next) < 0.9 * next ? 1 : 0 : longRun < 0.9 ? 1 : 0;
                share += plan.AnsweredShare;
                made++;
            }
        }

        Assert.True(made > 0.3 * Draws, $"{made} promises");
        Assert.True(broken <= 0.05 * Draws, $"{broken} of {Draws} broken");
        Assert.True(share / made > 0.3, $"the student answers {share / made}");
    }

    [Fact]
    public void The_share_promised_for_the_large_model_holds()
    {
        var target = CascadeTarget.LargeShare(0.4) with { FutureRows = 300 };
        var chance = new Random(4);
        var (broken, sent) = (0, 0.0);
        for (var i = 0; i < Draws; i++)
        {
            var rule = CascadePlan.From(Population.Calibrated.Draw(400, chance), target).Rule!.Value;
            var large = Population.Calibrated.Draw(300, chance).Count(row => row.Confidence < rule.Threshold);
            broken += large > 120 ? 1 : 0;
            sent += large / 300.0;
        }

        Assert.InRange(broken, 1, 0.05 * Draws);
        Assert.InRange(sent / Draws, 0.25, 0.4);
    }

    [Fact]
    public void With_a_ceiling_on_cost_the_most_accurate_threshold_is_taken()
    {
        var rows = Population.StudentIsBetter.Draw(2000, new Random(5));

        var plan = CascadePlan.From(rows, CascadeTarget.LargeShare(0.6));

        Assert.True(plan.LargeShare < 0.4, plan.Summary);       // where it is unsure the large model is better, elsewhere it would do harm
        Assert.True(plan.ExpectedAccuracy >= plan.StudentAlone);
        Assert.True(plan.ExpectedAccuracy > plan.LargeAlone);
        Assert.True(CascadePlan.From([.. rows.Select(row => row with { LargeRight = null })], CascadeTarget.LargeShare(0.6)).LargeShare > 0.5);
    }

    [Fact]
    public void A_student_better_than_its_large_model_is_found_from_another_start()
    {
        var rows = Population.StudentIsBetter.Draw(3000, new Random(6));

        var plan = CascadePlan.From(rows, CascadeTarget.Accuracy(0.8));

        Assert.True(plan.LargeAlone < 0.75);
        Assert.True(plan.IsMet, plan.Summary);
        Assert.True(plan.AnsweredShare > 0.5);
    }

    [Fact]
    public void What_cannot_be_promised_is_said_with_numbers()
    {
        var plan = CascadePlan.From(Population.Calibrated.Draw(500, new Random(8)), CascadeTarget.Accuracy(0.97) with { FutureRows = 200 });

        Assert.False(plan.IsMet);
        Assert.Equal(0, plan.AnsweredShare);
        Assert.Matches(
            @"^97.0 % cannot be promised on the next 200 rows. At least 99.\d % of the 500 rows would have to be right; the large model alone "
            + @"is right in \d\d.\d %, the student alone in \d\d.\d %, the best mixture of both in \d\d.\d %.$", plan.Summary);
    }

    [Fact]
    public void What_is_promised_is_said_with_numbers()
    {
        var plan = CascadePlan.From(Population.Calibrated.Draw(2000, new Random(9)), CascadeTarget.Accuracy(0.8));

        Assert.StartsWith("At least 80.0 % of the answers are right in the long run, in 95.0 % of such choices. Of 2,000 rows the student answers ", plan.Summary, StringComparison.Ordinal);
        Assert.Equal(1, plan.AnsweredShare + plan.LargeShare, 1e-12);
        Assert.True(plan.ExpectedAccuracy >= 0.8);
    }

    [Fact]
    public void Rows_about_which_the_large_model_was_never_asked_are_left_out()
    {
        var rows = Population.Calibrated.Draw(1000, new Random(10));
        var holes = rows.Select((row, i) => i % 4 == 0 ? row with { LargeRight = null } : row).ToList();

        var plan = CascadePlan.From(holes, CascadeTarget.Accuracy(0.8));

        Assert.Equal((750, 250), (plan.Rows, plan.RowsLeftOut));
        Assert.Equal(CascadePlan.From([.. holes.Where(row => row.LargeRight is not null)], CascadeTarget.Accuracy(0.8)).Rule, plan.Rule);
        Assert.Equal(1000, CascadePlan.From(holes, CascadeTarget.AccuracyAmongAnswered(0.8)).Rows);
    }

    [Fact]
    public void Unfamiliar_rows_are_never_the_students()
    {
        var rows = Population.Calibrated.Draw(1000, new Random(11)).Select((row, i) => row with { Familiarity = i % 2 == 0 ? 0.001 : 0.5 }).ToList();

        var plan = CascadePlan.From(rows, CascadeTarget.AccuracyAmongAnswered(0.5) with { FamiliarityFloor = 0.01 });

        Assert.Equal(0.5, plan.AnsweredShare);
        Assert.Equal(0.01, plan.Rule!.Value.FamiliarityFloor);
    }

    [Fact]
    public void Nonsense_is_refused_in_words()
    {
        List<CascadeRow> one = [new(0.5, true)];
        Refused(one, CascadeTarget.Accuracy(1), "the accuracy to promise is 1; it must be above 0 and below 1");
        Refused(one, CascadeTarget.Accuracy(double.NaN), "the accuracy to promise is NaN");
        Refused(one, CascadeTarget.LargeShare(0), "the largest share for the large model is 0");
        Refused(one, CascadeTarget.Accuracy(0.5) with { Delta = 0 }, "delta");
        Refused(one, CascadeTarget.Accuracy(0.5) with { FutureRows = 0 }, "the number of new rows is 0");
        Refused(one, CascadeTarget.Accuracy(0.5) with { FamiliarityFloor = 2 }, "the least familiarity is 2");
        Refused(one, CascadeTarget.Accuracy(0.5), "has answered none of the 1 rows");
        Refused(one, CascadeTarget.LargeShare(0.5) with { FamiliarityFloor = 0.1 }, "cannot say how familiar");
        Refused([], CascadeTarget.LargeShare(0.5), "no rows");
        Refused([new(double.NaN, true)], CascadeTarget.LargeShare(0.5), "confidence is not from 0 to 1");
    }

    private static void Refused(List<CascadeRow> rows, CascadeTarget target, string why) =>
        Assert.Contains(why, Assert.Throws<StepDistillException>(() => CascadePlan.From(rows, target)).Message, StringComparison.Ordinal);

    /// <summary>Chooses on some rows and counts on new ones, again and again.</summary>
    private static (int Broken, int Made, double Share) Trials(
        Func<Random, Population> populations, CascadeTarget? target, int rows, int future,
        Func<List<CascadeRow>, CascadeTarget, double?> choose, Func<Population, CascadeTarget>? targetOf = null)
    {
        var chance = new Random(2);
        var (broken, made, share) = (0, 0, 0.0);
        for (var i = 0; i < Draws; i++)
        {
            var population = populations(chance);
            var wanted = target ?? targetOf!(population);
            if (choose(population.Draw(rows, chance), wanted) is { } threshold)
            {
                made++;
                var next = population.Draw(future, chance);
                var right = next.Count(row => row.Confidence >= threshold ? row.StudentRight : row.LargeRight == true);
                broken += right < Math.Ceiling((wanted.Value * future) - 1e-9) ? 1 : 0;
                share += (double)next.Count(row => row.Confidence >= threshold) / future;
            }
        }

        return (broken, made, share / Math.Max(1, made));
    }

    private static double? Planned(List<CascadeRow> rows, CascadeTarget target) => CascadePlan.From(rows, target).Rule?.Threshold;

    private static double? LowestThatWasRight(List<CascadeRow> rows, CascadeTarget target)
    {
        var good = CascadeCurve.Of(rows).Where(point => point.Accuracy >= target.Value).ToList();
        return good.Count == 0 ? null : good[^1].Threshold;
    }
}
