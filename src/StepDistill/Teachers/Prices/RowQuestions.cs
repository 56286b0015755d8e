namespace StepDistill.Teachers.Prices;

/// <summary>What there is to ask about one row: as many questions as the teacher gives answers, equal ones once.</summary>
/// <param name="Stored">Those that are answered, readably or not.</param>
/// <param name="ToAsk">Those that are still to be asked.</param>
/// <param name="Failed">Of the stored ones, those to which no reply came and that are nowhere else.</param>
/// <param name="Batched">Those that are under way in some other manner, such as in a batch.</param>
public readonly record struct RowQuestions(int Stored, int ToAsk, int Failed, int Batched = 0);
