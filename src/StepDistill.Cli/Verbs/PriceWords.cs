using System.CommandLine;
using StepDistill.Annotations;
using StepDistill.Evaluation.Comparisons;

namespace StepDistill.Cli.Verbs;

/// <summary>The words by which a comparison is told what answers cost, where nobody else knows.</summary>
internal sealed class PriceWords
{
    private readonly Option<double?> _teacher = new("--teacher-price")
    {
        Description = "Dollars for a thousand of the teacher's answers. Without it what the stored answers have cost.",
        HelpName = "dollars",
    };

    private readonly Option<double?> _machine = new("--machine-price")
    {
        Description = "Dollars for an hour of a machine like this one. With it the report also says what the student's answers cost.",
        HelpName = "dollars",
    };

    /// <summary>Adds the words to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (var option in (Option<double?>[])[_teacher, _machine])
        {
            verb.Options.Add(option);
            option.Validators.Add(result =>
            {
                if (result.GetValue(option) is { } dollars && !(dollars > 0 && double.IsFinite(dollars)))
                {
                    result.AddError($"{option.Name} must be dollars above 0.");
                }
            });
        }
    }

    /// <summary>What answers cost.</summary>
    /// <param name="words">What was typed.</param>
    /// <param name="report">The comparison.</param>
    /// <param name="outcomes">Its runs.</param>
    /// <param name="answers">What the stored answers are like, by each of the teacher's answers to a row.</param>
    public ComparedCosts Costs(
        ParseResult words, ComparisonReport report, IReadOnlyList<CellOutcome> outcomes, IReadOnlyList<AnnotationStatistics> answers) =>
        ComparedCosts.Of(report, outcomes, answers, words.GetValue(_teacher), words.GetValue(_machine));
}
