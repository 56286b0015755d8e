using StepDistill.Evaluation.Statistics;

namespace StepDistill.Evaluation;

/// <summary>How student and teacher do on the rows that have something in common.</summary>
/// <param name="By">What tells the slices apart: <c>input-length</c>, <c>label</c> or a column.</param>
/// <param name="Value">What the slice's rows have in common, such as a label or a range of words.</param>
/// <param name="Rows">Rows that the student answered.</param>
/// <param name="Correct">Those of them that it answered right.</param>
/// <param name="TeacherRows">Those of the rows about which the teacher was asked.</param>
/// <param name="TeacherCorrect">Those of <paramref name="TeacherRows"/> that the teacher answered right.</param>
/// <param name="CorrectWithTeacher">Those of <paramref name="TeacherRows"/> that the student answered right.</param>
public sealed record Slice(
    string By, string Value, int Rows, int Correct, int TeacherRows, int TeacherCorrect, int CorrectWithTeacher)
{
    /// <summary>The student's share of right answers, from 0 to 1.</summary>
    public double Accuracy => (double)Correct / Rows;

    /// <summary>Wilson's 95 % interval for <see cref="Accuracy"/>.</summary>
    public ConfidenceInterval Interval => ConfidenceInterval.Wilson(Correct, Rows);

    /// <summary>The teacher's share of right answers; null where it was asked about none of the rows.</summary>
    public double? TeacherAccuracy => TeacherRows == 0 ? null : (double)TeacherCorrect / TeacherRows;

    /// <summary>Student minus teacher on the rows that both answered, from −1 to 1; null where there are none.</summary>
    public double? Difference => TeacherRows == 0 ? null : (double)(CorrectWithTeacher - TeacherCorrect) / TeacherRows;
}
