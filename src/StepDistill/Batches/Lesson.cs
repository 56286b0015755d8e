namespace StepDistill.Batches;

/// <summary>What one example teaches, before an arm writes it as pairs: bare texts.</summary>
/// <param name="ExampleId">The example.</param>
/// <param name="Input">The input, without a prefix.</param>
/// <param name="Label">The label to learn: gold, or the teacher's.</param>
/// <param name="Rationales">The reasons to learn, one for each answer that counts; empty where the arm has none or none is known.</param>
/// <param name="Weight">How much the example counts beside others.</param>
public sealed record Lesson(string ExampleId, string Input, string Label, IReadOnlyList<string> Rationales, double Weight = 1);
