using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>What an arm needs to equal another, in a sentence.</summary>
internal static class SavingWords
{
    public static string Of(ComparedSaving saving)
    {
        var things = saving.Axis == ComparedCurve.Rows ? "training rows" : "parameters";
        var whole = $"{saving.Against} with {About(saving.Whole)} {things}";
        if (saving is not { Needed: { } needed, Share: { } share })
        {
            return $"By its fitted curve {saving.Arm} never equals {whole}.";
        }

        var needs = $"By its fitted curve {saving.Arm} needs {About(needed)} {things} ({Share(share)}) to equal {whole}";
        return saving.Low is { } low
            ? $"{needs}; 95 % interval {About(low)} to {(saving.High is { } high ? About(high) : "never")}."
            : $"{needs}, with no certainty that it ever does.";
    }

    private static string Share(double share) => share > 10 ? "more than ten times as many" : $"{Percent(share)} of them";
}
