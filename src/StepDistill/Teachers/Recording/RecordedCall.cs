namespace StepDistill.Teachers.Recording;

/// <summary>One answered call, as the caller's thread leaves it: texts only, which nobody changes afterwards.</summary>
/// <param name="Input">The student's input.</param>
/// <param name="Reply">The model's text.</param>
/// <param name="Model">Who answered; null where nobody says.</param>
/// <param name="InputTokens">As the provider counted them.</param>
/// <param name="OutputTokens">As the provider counted them.</param>
/// <param name="Latency">From the call to the whole reply.</param>
/// <param name="At">When the reply was whole.</param>
internal sealed record RecordedCall(
    string Input, string Reply, string? Model, long? InputTokens, long? OutputTokens, TimeSpan Latency, DateTimeOffset At);
