namespace StepDistill.Serving.Http;

/// <summary>A fault in the form of RFC 9457.</summary>
/// <param name="Title">What kind of fault it is.</param>
/// <param name="Status">The status.</param>
/// <param name="Detail">What was found and what is expected.</param>
/// <param name="Field">Where, such as <c>inputs[3].choices</c>; missing where it is nowhere in particular.</param>
internal sealed record Problem(string Title, int Status, string Detail, string? Field);
