namespace StepDistill.FaultServer;

/// <summary>One request as the server saw it.</summary>
/// <param name="At">When it had been read, in seconds of the server's clock.</param>
/// <param name="Question">The last message.</param>
/// <param name="Tokens">Of prompt and reply.</param>
/// <param name="Fault">What the server did about it.</param>
public sealed record SeenRequest(double At, string Question, int Tokens, Fault Fault);
