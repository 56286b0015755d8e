namespace StepDistill.Evaluation;

/// <summary>What a run's scores so far say: which look was best, and whether to go on.</summary>
/// <param name="BestIndex">Position of the best score, the first of equals; -1 where there is none.</param>
/// <param name="BestScore">That score; not a number where there is none.</param>
/// <param name="LooksSinceBest">Looks after the best one.</param>
/// <param name="ShouldStop">Whether patience is at its end.</param>
/// <remarks>
/// A pure function of the scores, so a resumed run decides as an uninterrupted one. Students that are trained from
/// rationales often sit near chance for the first looks: a patience that is shorter than that plateau ends them there.
/// </remarks>
public readonly record struct EarlyStopping(int BestIndex, double BestScore, int LooksSinceBest, bool ShouldStop)
{
    /// <summary>Whether the last look is the best so far, so that its weights are the ones to keep.</summary>
    public bool LastIsBest => BestIndex >= 0 && LooksSinceBest == 0;

    /// <summary>Judges the scores so far.</summary>
    /// <param name="scores">
    /// One score for each look, higher is better, oldest first. One that is not a number is never best.
    /// </param>
    /// <param name="patience">Looks without a better score after which to stop; 0 never stops.</param>
    public static EarlyStopping Judge(IReadOnlyList<double> scores, int patience)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(patience);
        var best = -1;
        for (var i = 0; i < scores.Count; i++)
        {
            if (!double.IsNaN(scores[i]) && (best < 0 || scores[i] > scores[best]))
            {
                best = i;
            }
        }

        var since = scores.Count - 1 - best;
        return new(best, best < 0 ? double.NaN : scores[best], since, patience > 0 && since >= patience);
    }
}
