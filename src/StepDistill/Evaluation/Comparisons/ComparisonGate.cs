using System.Globalization;
using System.Text.RegularExpressions;
using StepDistill.Recipes;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>A condition on a comparison that other people's continuous integration can stop at.</summary>
/// <remarks>
/// <para>Three forms, each with <c>at SHARE</c> behind it where not the largest share of the rows is meant:</para>
/// <list type="bullet">
/// <item><c>step-by-step > finetune</c>: met where the 95 % interval of the difference lies above 0.</item>
/// <item><c>step-by-step >= finetune</c>: met where it does not reach below 0.</item>
/// <item><c>student within 1.0 of teacher</c>: met where it does not reach below −1.0 points (non-inferiority).</item>
/// </list>
/// <para>
/// <c>student</c> is the arm that reports are about: step-by-step where it was trained, else the last. Too few rows or seeds
/// to tell meets no condition: a gate asks what the numbers allow to say.
/// </para>
/// </remarks>
public sealed partial record ComparisonGate
{
    private const string Student = "student";

    private ComparisonGate(string condition) => Condition = condition;

    /// <summary>As it was written.</summary>
    public string Condition { get; }

    private string Arm { get; init; } = "";

    private string Against { get; init; } = "";

    private bool Strict { get; init; }

    private double Margin { get; init; }

    private double? Fraction { get; init; }

    /// <summary>Reads a condition.</summary>
    /// <param name="condition">Such as <c>student within 1.0 of teacher</c>.</param>
    /// <exception cref="StepDistillException">It has none of the three forms, or names what is no arm.</exception>
    public static ComparisonGate Parse(string condition)
    {
        var match = Form().Match(condition);
        if (!match.Success)
        {
            throw new StepDistillException(
                $"The gate '{condition}' has none of these forms: 'step-by-step > finetune', 'step-by-step >= finetune', "
                + "'student within 1.0 of teacher', each with 'at 0.25' behind it for a share of the rows.");
        }

        var (arm, against) = (match.Groups["arm"].Value, match.Groups["against"].Value);
        foreach (var name in (string[])[arm, against])
        {
            if (name != Student && name != ComparedDifference.Teacher && !ComparisonArms.All.Contains(name))
            {
                throw new StepDistillException(
                    $"The gate '{condition}' names '{name}', which is no arm; there are {Student}, {ComparedDifference.Teacher}, "
                    + $"{string.Join(", ", ComparisonArms.All)}.");
            }
        }

        return new(condition)
        {
            Arm = arm,
            Against = against,
            Strict = match.Groups["sign"].Value == ">",
            Margin = Number(match.Groups["margin"]) / 100 ?? 0,
            Fraction = Number(match.Groups["share"]),
        };
    }

    /// <summary>Judges a comparison.</summary>
    /// <param name="report">The comparison.</param>
    /// <returns>Whether the condition is met, and why.</returns>
    public ComparedGate Judge(ComparisonReport report)
    {
        var (arm, against) = (Named(Arm, report), Named(Against, report));
        var variant = report.Variants.Count == 0 ? "" : report.Variants[^1].Name;       // the largest student
        var fraction = Fraction ?? report.Arms.Max(one => one.Fraction);
        if (report.Differences.FirstOrDefault(one => one.Fraction == fraction && one.Variant == variant && Is(one, arm, against)) is not { } found)
        {
            return new(Condition, Met: false, $"There is no comparison of {arm} with {against} at {ReportNumbers.Fraction(fraction)} of the rows to judge by.");
        }

        var (difference, low, high) = found.Arm == arm
            ? (found.Difference, found.Low, found.High)
            : (-found.Difference, -found.High, -found.Low);
        var met = Strict ? low > 0 : low >= -Margin;
        var of = variant.Length == 0 ? "" : $" ({variant})";
        var reason = $"{arm}{of} less {against} is {Signed(difference)} points at {ReportNumbers.Fraction(fraction)} of the rows, "
            + $"95 % interval {SignedInterval(low, high)}; "
            + (met
                ? $"it {(Strict ? "lies above 0" : $"does not reach below {Signed(-Margin)}")}."
                : $"it {(Strict ? "does not lie above 0" : $"reaches below {Signed(-Margin)}")}.");
        return new(Condition, met, reason);
    }

    private static bool Is(ComparedDifference one, string arm, string against) =>
        (one.Arm == arm && one.Against == against) || (one.Arm == against && one.Against == arm && arm != against);

    private static string Named(string name, ComparisonReport report) => name != Student ? name
        : report.Arms.Any(arm => arm.Arm == Arms.StepByStep) ? Arms.StepByStep
        : report.Arms[^1].Arm;

    private static double? Number(Group group) =>
        group.Success ? double.Parse(group.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(
        @"^\s*(?<arm>[a-z-]+)\s*(?:(?<sign>>=?)|within\s+(?<margin>[0-9]{1,3}(?:\.[0-9]{1,6})?)\s*(?:points?\s+)?of)\s*(?<against>[a-z-]+)(?:\s+at\s+(?<share>[01](?:\.[0-9]{1,9})?))?\s*$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
