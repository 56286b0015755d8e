using StepDistill.Tasks;

namespace StepDistill.Evaluation;

/// <summary>What somebody answered to one example.</summary>
/// <param name="Example">The example, with a gold label.</param>
/// <param name="Label">The label as it was written; null where there is none.</param>
/// <param name="Rationale">The rationale, or null.</param>
/// <param name="Confidence">How sure the one who answered is of the label, from 0 to 1; null where nobody counted.</param>
internal readonly record struct Answer(Example Example, string? Label, string? Rationale, double? Confidence = null);

/// <summary>Turns answers into a report; students and teachers are scored by this one place.</summary>
internal static class ScoreSheet
{
    public static EvaluationReport Score(
        TaskSpec task,
        string subject,
        string split,
        IReadOnlyList<Answer> answers,
        int skipped,
        IReadOnlyDictionary<string, string>? rationales = null)
    {
        RefuseRepeatedIds(answers);
        var rows = answers.Select(answer => ScoreOne(task, answer)).ToList();
        var overlaps = (
            from row in rows
            where row.Rationale is not null && rationales is not null && rationales.ContainsKey(row.Id)
            select RationaleOverlap.RougeL(row.Rationale!, rationales![row.Id])).ToList();
        var confusion = task.Answer == AnswerKind.Label ? Confusion(task, answers) : null;
        return new()
        {
            Subject = subject,
            Task = task.Name,
            Split = split,
            RowsHash = EvaluationReport.HashOf(answers.Select(answer => answer.Example)),
            Rows = rows.Count,
            Correct = rows.Count(row => row.Correct),
            Unreadable = rows.Count(row => !row.Readable),
            Skipped = skipped,
            Baseline = Baseline(task, answers),
            Labels = confusion is null ? null : task.Labels,
            Confusion = confusion,
            MacroF1 = confusion is null ? null : MacroF1(confusion),
            RationaleOverlap = overlaps.Count == 0 ? null : overlaps.Average(),
            RationaleRows = overlaps.Count,
            Predictions = rows,
        };
    }

    private static ScoredRow ScoreOne(TaskSpec task, Answer answer)
    {
        var (example, label, rationale, confidence) = answer;
        return new(
            example.Id,
            example.Label!,
            label,
            Correct: label is not null && task.IsCorrect(example, label),
            Readable: label is not null && task.Canonical(example, label) is not null,
            rationale,
            confidence);
    }

    private static int[][] Confusion(TaskSpec task, IReadOnlyList<Answer> answers)
    {
        var labels = task.Labels.ToList();
        var counts = labels.Select(_ => new int[labels.Count + 1]).ToArray();
        foreach (var (example, label, _, _) in answers)
        {
            var gold = IndexOf(example, example.Label!);
            var said = label is null ? -1 : IndexOf(example, label);
            if (gold >= 0)      // a gold label outside the set has no row here; it counts in the accuracy all the same
            {
                counts[gold][said >= 0 ? said : labels.Count]++;
            }
        }

        return counts;

        int IndexOf(Example example, string label) =>
            task.Canonical(example, label) is { } canonical ? labels.IndexOf(canonical) : -1;
    }

    // The mean over labels that are gold or answered at least once; F1 = 2·hits / (gold + answered).
    private static double MacroF1(int[][] confusion)
    {
        var scores = (
            from label in Enumerable.Range(0, confusion.Length)
            let gold = confusion[label].Sum()
            let answered = confusion.Sum(row => row[label])
            where gold + answered > 0
            select 2.0 * confusion[label][label] / (gold + answered)).ToList();
        return scores.Count == 0 ? 0 : scores.Average();
    }

    private static double Baseline(TaskSpec task, IReadOnlyList<Answer> answers)
    {
        if (answers.Count == 0)
        {
            return 0;
        }

        var commonest = answers
            .GroupBy(a => task.Canonical(a.Example, a.Example.Label!) ?? a.Example.Label!)
            .Max(group => group.Count());
        var guessed = answers.Sum(a => a.Example.Choices.Count > 0 ? 1.0 / a.Example.Choices.Count : 0);
        return Math.Max(commonest, guessed) / answers.Count;
    }

    private static void RefuseRepeatedIds(IReadOnlyList<Answer> answers)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var answer in answers)
        {
            if (!seen.Add(answer.Example.Id))
            {
                throw new StepDistillException(
                    $"Two rows have the id '{answer.Example.Id}'; rows are matched by id, so every row needs its own. "
                    + "Remove the repeated row, or leave ids out and let them be made from the content.");
            }
        }
    }
}
