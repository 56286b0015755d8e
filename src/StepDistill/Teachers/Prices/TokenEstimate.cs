namespace StepDistill.Teachers.Prices;

/// <summary>How many tokens there will be.</summary>
/// <param name="Value">The best guess.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
public readonly record struct TokenEstimate(long Value, long Low, long High);
