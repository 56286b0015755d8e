namespace StepDistill.Serving.Http;

/// <summary>A request that is not answered because of what it holds.</summary>
/// <param name="status">The status to answer with.</param>
/// <param name="message">What was found and what is expected.</param>
/// <param name="field">Where, such as <c>inputs[3].choices</c>.</param>
/// <param name="code">A word for programs, such as <c>model_not_found</c>.</param>
internal sealed class RequestFault(int status, string message, string? field = null, string? code = null) : Exception(message)
{
    /// <summary>The status to answer with.</summary>
    public int Status { get; } = status;

    /// <summary>Where the fault is.</summary>
    public string? Field { get; } = field;

    /// <summary>A word for programs.</summary>
    public string? Code { get; } = code;

    /// <summary>A field that holds what it must not.</summary>
    public static RequestFault At(string field, string message) => new(400, $"{field} {message}", field);
}
