namespace StepDistill.Serving;

/// <summary>What <c>POST /v1/admin/reload</c> answers.</summary>
/// <param name="Changed">Whether another student answers now.</param>
/// <param name="Student">The student that answers now.</param>
internal sealed record Reloaded(bool Changed, StudentFacts Student);
