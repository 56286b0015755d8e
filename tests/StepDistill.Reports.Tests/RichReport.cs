using StepDistill.Evaluation.Comparisons;

namespace StepDistill.Reports.Tests;

/// <summary>An invented comparison that has everything: sizes, fractions, seeds, a failed and a stuck run, and hostile names.</summary>
internal static class RichReport
{
    public const string Hostile = "<script>alert('teacher')</script> & 通义千问 \"max\"";

    private const int Rows = 2000;
    private const int AllTrainingRows = 9000;

    private static readonly string[] Arms = ["finetune", "distill", "single-task", "shuffled-words", "step-by-step"];
    private static readonly double[] Gains = [0, -0.012, 0.008, 0.021, 0.062];
    private static readonly double[] Fractions = [0.125, 0.5, 1];
    private static readonly int[] Seeds = [0, 1, 2];
    private static readonly (string Name, long Parameters, double Gain)[] Sizes =
        [("t5-v1_1-mini", 31_000_000, -0.06), ("t5-v1_1-small", 76_961_152, 0)];

    public static ComparisonReport Make()
    {
        var cells = (
            from size in Sizes
            from fraction in Fractions
            from arm in Arms
            from seed in Seeds
            select Cell(size.Name, fraction, arm, seed)).ToList();
        var arms = cells.GroupBy(cell => (cell.Variant, cell.Fraction, cell.Arm)).Select(Arm).ToList();
        return new ComparisonReport
        {
            Recipe = "vögel-im-garten <b>v2</b>",
            Task = "nli",
            Split = "test",
            Rows = Rows,
            RowsHash = new('a', 64),
            Baseline = 0.341,
            Labels = ["entailment", "neutral", "矛盾 <i>"],
            Teacher = new(Hostile, true, 0.712, 1424, Rows, 0.692, 0.731, 12, "It is wrong in 20 % of its answers."),
            Variants = [.. Sizes.Select(size => new ComparedVariant(size.Name, size.Parameters, [$"student.size={size.Name}"]))],
            Arms = arms,
            Differences = [.. Differences(arms)],
            Standings =
            [
                .. from arm in arms
                   where arm.Fraction == 1
                   let difference = arm.Accuracy - 0.712
                   select new ComparedStanding(
                       arm.Arm, arm.Variant, 1, 0.05, difference, difference - 0.028, difference + 0.028, difference > -0.02 ? 0.0004 : 0.31),
            ],
            Curves = [.. Curves(arms)],
            Savings =
            [
                new("step-by-step", "finetune", "t5-v1_1-mini", ComparedCurve.Rows, 9000, 2810.4, 1900, 4700) { AtMost = true },
                new("shuffled-words", "finetune", "t5-v1_1-mini", ComparedCurve.Rows, 9000, 6120, 3300, null),
                new("distill", "finetune", "t5-v1_1-small", ComparedCurve.Rows, 9000, null, null, null),
                new("step-by-step", "finetune", "", ComparedCurve.Parameters, 76_961_152, 33_000_000, 30_000_000, 60_000_000),
            ],
            Rationales = new(8766, 23.5, 0.612, 0.043, 0.702, 0.691, 0.713, 0.488, 0.341)
            {
                Judgement = new("judge <u>one</u>", 200, 61, 88, 51),
            },
            Costs = new(0.4213, "tokens of 8,766 stored answers", 0.0021, "0.50 dollars an hour", 3.69, 0.82, 10_752.4),
            Gates =
            [
                new("step-by-step >= finetune", true, "The difference is +6.2 points, its 95 % interval +3.1 to +9.3."),
                new("student within 1.0 of teacher", false, "The interval, −6.1 to +1.9, reaches below −1.0."),
            ],
            Cells = cells,
            Origin = new(
                "vögel",
                new Dictionary<string, string> { ["train"] = new('b', 64), ["test"] = new('c', 64) },
                new Dictionary<string, string> { ["stepdistill"] = "0.1.0", ["dotnet"] = ".NET 10.0.1", ["torch"] = "2.10" },
                "stepdistill compare birds.jsonc --fractions 0.125,0.5,1 --seeds 0,1,2 --sizes mini,small"),
        };
    }

    private static double Expected(string variant, double fraction, string arm) =>
        0.70 + Gains[Array.IndexOf(Arms, arm)] + Sizes.Single(size => size.Name == variant).Gain - (2.2 * Math.Pow(fraction * AllTrainingRows, -0.35));

    private static ComparedCell Cell(string variant, double fraction, string arm, int seed)
    {
        var cell = new ComparedCell(arm, fraction, seed)
        {
            Variant = variant,
            Run = FormattableString.Invariant($"compare-{variant}-{arm}-{fraction * 100}pct-seed{seed}"),
        };
        if ((variant, fraction, arm, seed) == ("t5-v1_1-small", 1, "single-task", 2))
        {
            return cell with { Fault = "The loss is not a number at step 1,250.\nLower training.learningRate. <img src=x onerror=alert(1)>" };
        }

        var stuck = (variant, fraction, arm, seed) == ("t5-v1_1-small", 0.125, "finetune", 1);
        var accuracy = stuck ? 0.3365 : Expected(variant, fraction, arm) + ((seed - 1) * 0.013) + (0.004 * (Array.IndexOf(Arms, arm) % 3));
        var correct = (int)(accuracy * Rows);
        return cell with
        {
            Identity = new((char)('0' + seed), 64),
            TrainedBy = "0.1.0",
            Accuracy = (double)correct / Rows,
            Correct = correct,
            Rows = Rows,
            Unreadable = seed,
            MacroF1 = accuracy - 0.01,
            ValidationScore = accuracy + 0.006,
            CalibrationError = 0.04 + (0.01 * seed),
            RationaleOverlap = ComparisonArms.WritesRationales(arm) ? 0.31 : null,
            TrainingExamples = (int)(fraction * AllTrainingRows),
            BestStep = 2500,
            Stuck = stuck,
        };
    }

    private static ComparedArm Arm(IGrouping<(string Variant, double Fraction, string Arm), ComparedCell> cells)
    {
        var done = cells.Where(cell => cell.Fault is null).ToList();
        var accuracies = done.Select(cell => cell.Accuracy!.Value).ToList();
        var mean = accuracies.Average();
        var half = accuracies.Max() - accuracies.Min() > 0.05 ? 0.22 : accuracies.Count == 2 ? 0.31 : 0.031;
        var right = done.Sum(cell => cell.Correct!.Value) / 3;
        var wrong = (done.Count * Rows / 3) - right;
        return new(
            cells.Key.Arm, cells.Key.Fraction, [.. done.Select(cell => cell.Seed)], mean, mean - half, mean + half, accuracies.Min(),
            accuracies.Max(), 0.013, done.Count(cell => cell.Stuck), cells.Count() - done.Count, (int)(cells.Key.Fraction * AllTrainingRows),
            cells.Key.Variant)
        {
            MacroF1 = mean - 0.01,
            CalibrationError = 0.05,
            RationaleOverlap = ComparisonArms.WritesRationales(cells.Key.Arm) ? 0.31 : null,
            Unreadable = 0.0005,
            Confusion =
            [
                [right, wrong - (wrong / 4), wrong / 4, 0], [wrong / 2, right, wrong / 2, 1], [wrong / 5, wrong - (wrong / 5), right, 2],
            ],
            ByLabel =
            [
                new("entailment", 667, 0.71, 0.69, 0.70), new("neutral", 667, 0.58, 0.61, 0.595), new("矛盾 <i>", 666, null, 0, null),
            ],
        };
    }

    private static IEnumerable<ComparedDifference> Differences(IReadOnlyList<ComparedArm> arms)
    {
        foreach (var group in arms.GroupBy(arm => (arm.Variant, arm.Fraction)).OrderBy(group => group.Key.Fraction))
        {
            var list = group.ToList();
            for (var i = 0; i < list.Count; i++)
            {
                for (var j = 0; j < i; j++)
                {
                    yield return Difference(list[i], list[j].Arm, list[i].Accuracy - list[j].Accuracy, list[j].Variant);
                }
            }

            foreach (var arm in list)
            {
                yield return Difference(arm, ComparedDifference.Teacher, arm.Accuracy - 0.712, "");
            }
        }
    }

    private static ComparedDifference Difference(ComparedArm arm, string against, double difference, string againstVariant)
    {
        var half = arm.Failed > 0 ? 0.34 : 0.034;
        var p = Math.Min(1, Math.Exp(-Math.Abs(difference) / half * 3));
        return new(
            arm.Arm, against, arm.Fraction, difference, difference - half, difference + half, difference - 0.018, difference + 0.018, arm.Seeds,
            [.. arm.Seeds.Select(seed => difference + ((seed - 1) * 0.01))])
        {
            Variant = arm.Variant,
            AgainstVariant = againstVariant,
            PValue = p,
            AdjustedPValue = Math.Min(1, p * 15),
            McNemar = p / 3,
            Detectable = 0.041,
        };
    }

    private static IEnumerable<ComparedCurve> Curves(IReadOnlyList<ComparedArm> arms)
    {
        foreach (var group in arms.GroupBy(arm => (arm.Arm, arm.Variant)))
        {
            var line = Enumerable.Range(0, 25).Select(i => AllTrainingRows * Math.Pow(0.125, 1 - (i / 24.0))).Select(x =>
            {
                var fitted = Expected(group.Key.Variant, x / AllTrainingRows, group.Key.Arm);
                return new ComparedPoint(x, fitted, fitted - 0.02, fitted + 0.02, []);
            });
            yield return new(
                group.Key.Arm, group.Key.Variant, ComparedCurve.Rows,
                [.. group.OrderBy(arm => arm.Fraction).Select(arm => Point(arm, arm.TrainingExamples))], [.. line], "0.70 − 2.2·n^−0.35");
        }

        foreach (var group in arms.Where(arm => arm.Fraction == 1).GroupBy(arm => arm.Arm))
        {
            yield return new(
                group.Key, "", ComparedCurve.Parameters,
                [.. group.Select(arm => Point(arm, Sizes.Single(size => size.Name == arm.Variant).Parameters)).OrderBy(point => point.X)],
                [], null);
        }

        static ComparedPoint Point(ComparedArm arm, double x)
        {
            double[] seeds = [.. arm.Seeds.Select(seed => Cell(arm.Variant, arm.Fraction, arm.Arm, seed).Accuracy!.Value)];
            return new(x, arm.Accuracy, arm.Low, arm.High, seeds);
        }
    }
}
