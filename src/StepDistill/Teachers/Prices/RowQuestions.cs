namespace StepDistill.Teachers.Prices;

/// <summary>What there is to ask about one row: as many questions as the teacher gives answers, equal ones once.</summary>
/// <param name="Stored">Those that are answered, readably or not.</param>
/// <param name="ToAsk">Those that are still to be asked.</param>
/// <param name="Failed">Of the stored ones, those to which no reply came.</param>
public readonly record struct RowQuestions(int Stored, int ToAsk, int Failed);
