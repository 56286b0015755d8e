namespace StepDistill.Inference.Cascades;

/// <summary>How many calls a day has had.</summary>
/// <param name="Day">The day, in UTC.</param>
/// <param name="Calls">Calls so far.</param>
internal sealed record SpentCalls(DateOnly Day, int Calls);
