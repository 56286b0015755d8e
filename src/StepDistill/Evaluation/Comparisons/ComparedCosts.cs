using StepDistill.Annotations;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>What answers cost, in US dollars; a figure that nobody can know yet is null.</summary>
/// <param name="TeacherPerThousand">The teacher's price of a thousand answers.</param>
/// <param name="TeacherNote">Where that price comes from, or how to get one.</param>
/// <param name="StudentPerThousand">The student's price of a thousand answers on a machine of the named price.</param>
/// <param name="StudentNote">Where that price comes from, or how to get one.</param>
/// <param name="Annotating">What the stored answers have cost.</param>
/// <param name="Training">What training one student cost on the same machine.</param>
/// <param name="PaidAfter">Answers after which distilling has paid; null where it never does or a figure is missing.</param>
public sealed record ComparedCosts(
    double? TeacherPerThousand,
    string TeacherNote,
    double? StudentPerThousand,
    string StudentNote,
    double? Annotating,
    double? Training,
    double? PaidAfter)
{
    private const double SecondsPerHour = 3600;

    /// <summary>Reckons.</summary>
    /// <param name="report">The comparison: its last arm, at the largest size and share, is the student that is meant.</param>
    /// <param name="outcomes">Its runs: how long they trained and answered.</param>
    /// <param name="answers">What the stored answers are like, by each of the teacher's answers to a row.</param>
    /// <param name="teacherPrice">Dollars for a thousand of the teacher's answers, where they were named.</param>
    /// <param name="machinePrice">Dollars for an hour of the machine, where they were named.</param>
    /// <remarks>
    /// Only with the machine's price does a report hold measured times, which no two measurements have alike; all else in it
    /// is the same for the same runs.
    /// </remarks>
    public static ComparedCosts Of(
        ComparisonReport report,
        IReadOnlyList<CellOutcome> outcomes,
        IReadOnlyList<AnnotationStatistics> answers,
        double? teacherPrice,
        double? machinePrice)
    {
        var (paid, priced, rows) = (answers.Sum(one => one.Cost), answers.Sum(one => one.Priced), answers.Select(one => one.WithTeacher).DefaultIfEmpty().Max());
        var stored = paid is { } dollars && priced > 0 ? 1000 * (double)dollars / priced * answers.Count : (double?)null;
        var teacher = teacherPrice ?? stored;
        var annotating = paid is { } spent && priced > 0 ? (double)spent : teacherPrice * rows / 1000;
        var teacherNote = teacherPrice is not null ? "as it was named (--teacher-price)"
            : stored is not null ? $"what {priced:N0} stored answers have cost on average"
            : "the stored answers have no price; name one with --teacher-price";

        var last = report.Arms[^1];
        CellResult[] runs =
        [
            .. outcomes
                .Where(one => (one.Cell.Arm, one.Cell.Fraction, one.Cell.Variant) == (last.Arm, last.Fraction, last.Variant))
                .Select(one => one.Result).OfType<CellResult>(),
        ];
        double? student = null, training = null;
        var studentNote = "name what an hour of a machine like this one costs with --machine-price";
        if (machinePrice is { } price && Middle(runs.Select(run => run.Report.Seconds / run.Report.Rows)) is { } seconds)
        {
            student = 1000 * seconds * price / SecondsPerHour;
            training = Middle(runs.Select(run => (double?)run.Run.Seconds)) * price / SecondsPerHour;
            studentNote = FormattableString.Invariant(
                $"{last.Arm}'s students answered {1 / seconds:0} rows a second here, in batches, on a machine that costs {price:0.00##} dollars an hour");
        }

        var saved = (teacher - student) / 1000;
        return new(teacher, teacherNote, student, studentNote, annotating, training, saved > 0 ? (annotating + training) / saved : null);
    }

    private static double? Middle(IEnumerable<double?> values)
    {
        double[] known = [.. values.OfType<double>().Order()];
        return known.Length == 0 ? null : known[known.Length / 2];
    }
}
