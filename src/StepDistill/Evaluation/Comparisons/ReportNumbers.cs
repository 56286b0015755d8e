using System.Globalization;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>
/// How a report writes numbers: shares as percent, differences as points, always with a point and a true minus.
/// </summary>
internal static class ReportNumbers
{
    public static string Share(ComparedArm arm) => arm.Fraction == 1
        ? $"all {Count(arm.TrainingExamples)} training rows"
        : $"{Fraction(arm.Fraction)} of the training rows ({Count(arm.TrainingExamples)})";

    public static string Of(int count, string thing) => $"{Count(count)} {thing}{(count == 1 ? "" : "s")}";

    public static string Count(int? count) => count?.ToString("N0", CultureInfo.InvariantCulture) ?? "–";

    /// <summary>A large number that is known to three digits.</summary>
    public static string About(double about)
    {
        var step = about < 1000 ? 1 : Math.Pow(10, Math.Floor(Math.Log10(about)) - 2);
        return (Math.Round(about / step) * step).ToString("N0", CultureInfo.InvariantCulture);
    }

    /// <summary>A p-value; what is smaller than a thousandth is only called so.</summary>
    public static string PValue(double p) => p < 0.001 ? "< 0.001" : p.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>US dollars: cents, and more digits where cents would say nothing.</summary>
    public static string Dollars(double? dollars) => dollars switch
    {
        null => "–",
        0 => "$0",
        >= 1 => "$" + dollars.Value.ToString("N2", CultureInfo.InvariantCulture),
        _ => "$" + dollars.Value.ToString("0.00####", CultureInfo.InvariantCulture),
    };

    public static string Fraction(double fraction) =>
        (fraction * 100).ToString("0.####", CultureInfo.InvariantCulture) + " %";

    public static string Percent(double? share) => share is { } known ? Fixed(known, 1) + " %" : "–";

    public static string Percents(double low, double high) => $"{Fixed(low, 1)} to {Fixed(high, 1)} %";

    public static string Points(double share) => Fixed(share, 1);

    /// <summary>The smallest difference that would have shown: none where it is larger than any can be.</summary>
    public static string Detectable(double share) => share > 1 ? "none" : Points(share);

    public static string Interval(double low, double high)
    {
        var digits = Digits(low, high);
        return $"{Fixed(low, digits)} to {Fixed(high, digits)}";
    }

    public static string Signed(double share) => Sign(share, 1);

    public static string SignedInterval(double low, double high)
    {
        var digits = Digits(low, high);
        return $"{Sign(low, digits)} to {Sign(high, digits)}";
    }

    // An end that is not 0 must not read as 0.0, or the sentence beside it would seem wrong.
    private static int Digits(double low, double high)
    {
        var digits = 1;
        while (digits < 4 && new[] { low, high }.Any(end => end != 0 && Math.Round(Math.Abs(end) * 100, digits) == 0))
        {
            digits++;
        }

        return digits;
    }

    private static string Sign(double share, int digits)
    {
        var text = Fixed(Math.Abs(share), digits);
        return share == 0 || text.All(c => c is '0' or '.') ? text : (share < 0 ? "−" : "+") + text;
    }

    private static string Fixed(double share, int digits) =>
        (share * 100).ToString("F" + digits, CultureInfo.InvariantCulture).Replace('-', '−');
}
