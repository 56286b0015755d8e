using StepDistill.Inference;
using StepDistill.Inference.Cascades;

namespace StepDistill.Cli.Stages;

/// <summary>What student and teacher made of rows.</summary>
/// <param name="Rows">The rows with a gold label.</param>
/// <param name="Student">The student that was asked.</param>
/// <param name="Teacher">The teacher's name; null where nothing of it is stored.</param>
internal sealed record CascadeRows(IReadOnlyList<CascadeRow> Rows, StudentDescription Student, string? Teacher);
