namespace StepDistill.Inference.Cascades;

/// <summary>How often a promise held, when it was made on one half of the rows and checked on the other, over random halves.</summary>
/// <param name="Splits">Random splits into halves.</param>
/// <param name="Made">Splits in which the promise could be made.</param>
/// <param name="Held">Splits in which the other half kept it; one in which nothing was promised broke nothing and counts here.</param>
/// <param name="MeanAnsweredShare">The share that the student answered on the other halves, on average over the promises made.</param>
/// <param name="MeanAccuracy">The accuracy promised about, on the other halves, on average over the promises made.</param>
/// <param name="WorstAccuracy">The lowest of them.</param>
public sealed record CascadeTrial(int Splits, int Made, int Held, double MeanAnsweredShare, double MeanAccuracy, double WorstAccuracy)
{
    /// <summary>
    /// Makes and checks the promise. An accuracy of all rows is promised for as many new rows as the other half has; one among the
    /// student's answers for the target's number of them, and checked on the first so many.
    /// </summary>
    /// <param name="rows">The rows, at least two; for <see cref="CascadeGoal.Accuracy"/> those without the large model's answer are left out first.</param>
    /// <param name="target">What to promise; an accuracy.</param>
    /// <param name="splits">How many splits.</param>
    /// <param name="seed">Decides the splits.</param>
    /// <exception cref="StepDistillException">As <see cref="CascadePlan.From"/>.</exception>
    public static CascadeTrial Run(IReadOnlyList<CascadeRow> rows, CascadeTarget target, int splits = 100, int seed = 0)
    {
        if (target.Goal == CascadeGoal.LargeShare)
        {
            throw new ArgumentException("A trial is about an accuracy.", nameof(target));
        }

        var shuffled = rows.Where(row => target.Goal != CascadeGoal.Accuracy || row.LargeRight is not null).ToArray();
        var chance = new Random(seed);
        var (made, held) = (0, 0);
        var (shares, accuracies) = (new List<double>(), new List<double>());
        for (var split = 0; split < splits; split++)
        {
            chance.Shuffle(shuffled);
            var half = shuffled.Length / 2;
            var others = shuffled[half..];
            var among = target.Goal == CascadeGoal.AccuracyAmongAnswered;
            var plan = CascadePlan.From(shuffled[..half], among ? target : target with { FutureRows = others.Length });
            if (plan.Rule is not { } rule)
            {
                held++;
                continue;
            }

            made++;
            var answered = others.Where(row => rule.Judge(row.Confidence, row.Familiarity) == CascadeVerdict.Student).ToHashSet(ReferenceEqualityComparer.Instance);
            var outcomes = among
                ? others.Where(answered.Contains).Take(target.FutureRows ?? int.MaxValue).Select(row => row.StudentRight).ToList()
                : others.Select(row => answered.Contains(row) ? row.StudentRight : row.LargeRight == true).ToList();
            var accuracy = outcomes.Count == 0 ? 1 : (double)outcomes.Count(right => right) / outcomes.Count;
            held += accuracy >= target.Value - 1e-12 ? 1 : 0;
            shares.Add((double)answered.Count / others.Length);
            accuracies.Add(accuracy);
        }

        return new(splits, made, held, made == 0 ? 0 : shares.Average(), made == 0 ? 0 : accuracies.Average(), made == 0 ? 0 : accuracies.Min());
    }
}
