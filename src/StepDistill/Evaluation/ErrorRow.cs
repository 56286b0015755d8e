namespace StepDistill.Evaluation;

/// <summary>A row that the student or the teacher gets wrong: a line of <c>errors.jsonl</c>.</summary>
/// <param name="Id">The row.</param>
/// <param name="Kind">Who is wrong.</param>
/// <param name="Input">The text that both saw.</param>
/// <param name="Gold">The gold label as the data writes it.</param>
/// <param name="Student">What the student answered, as it was written; null where it gave no label.</param>
/// <param name="StudentRationale">The student's reasons; null where none were asked for.</param>
/// <param name="Confidence">The probability of the student's answer as it sees it, from 0 to 1; null where it was not counted.</param>
/// <param name="Teacher">What the teacher answered; null where it could not be read, or was never asked.</param>
/// <param name="TeacherRationale">The teacher's reasons, or null.</param>
public sealed record ErrorRow(
    string Id,
    ErrorKind Kind,
    string Input,
    string Gold,
    string? Student,
    string? StudentRationale,
    double? Confidence,
    string? Teacher,
    string? TeacherRationale);
