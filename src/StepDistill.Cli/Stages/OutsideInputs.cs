using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Inference;
using StepDistill.Tasks;

namespace StepDistill.Cli.Stages;

/// <summary>How a student takes inputs that are not of its task, beside its own.</summary>
/// <param name="Rows">How many were asked.</param>
/// <param name="Unusual">The share with a familiarity of at most <see cref="Level"/>.</param>
/// <param name="Confidence">The mean confidence of its answers.</param>
internal sealed record OutsideInputs(int Rows, double Unusual, double Confidence)
{
    /// <summary>Of its task's own inputs one in twenty is at most this familiar.</summary>
    public const double Level = 0.05;

    /// <summary>Asks a student, as programs would that open it.</summary>
    /// <param name="student">The student; one without a calibration finds nothing unusual.</param>
    /// <param name="rows">Rows with an input.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static OutsideInputs Measure(IStudentClassifier student, IReadOnlyList<Example> rows, CancellationToken cancellation)
    {
        var answers = student.Classify(
            [.. rows.Select(row => new StudentQuestion(row.Input!) { Choices = row.Choices.Count > 0 ? row.Choices : null })], cancellation: cancellation);
        return new(
            answers.Count,
            answers.Average(answer => answer.Familiarity <= Level ? 1.0 : 0),
            answers.Average(answer => answer.Confidence));
    }

    /// <summary>As words.</summary>
    public string Words => string.Create(
        CultureInfo.InvariantCulture, $"{100 * Unusual:0.0} % of {Rows:N0} are at most {Level} familiar; mean confidence {Confidence:0.000}");

    /// <summary>As JSON.</summary>
    public JsonObject Json => new() { ["rows"] = Rows, ["unusual"] = Unusual, ["confidence"] = Confidence };
}
