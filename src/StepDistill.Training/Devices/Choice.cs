namespace StepDistill.Training.Devices;

/// <summary>What was chosen, and why.</summary>
/// <typeparam name="T">What there was to choose.</typeparam>
/// <param name="Value">What was chosen.</param>
/// <param name="Reason">Why: the rest of a sentence after a colon, without a full stop.</param>
public sealed record Choice<T>(T Value, string Reason);
