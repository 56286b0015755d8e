namespace StepDistill.Serving.Http;

/// <summary>The form of an endpoint's faults.</summary>
internal enum FaultForm
{
    /// <summary>RFC 9457: <c>application/problem+json</c>.</summary>
    Problem,

    /// <summary>OpenAI's: <c>{"error": {"message", "type", "param", "code"}}</c>.</summary>
    OpenAi,
}
