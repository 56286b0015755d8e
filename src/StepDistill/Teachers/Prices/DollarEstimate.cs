namespace StepDistill.Teachers.Prices;

/// <summary>How many dollars there will be to pay.</summary>
/// <param name="Value">The best guess.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
public readonly record struct DollarEstimate(decimal Value, decimal Low, decimal High);
