using System.Diagnostics;

namespace StepDistill.Inference.Telemetry;

/// <summary>What students say about their work to those who listen. Nothing leaves the process by itself.</summary>
/// <remarks>
/// Neither spans nor measurements hold inputs, reasons or messages of errors. Spans: <c>classify NAME</c> and
/// <c>explain NAME</c>. Instruments: <c>stepdistill.student.duration</c> (seconds, by operation), <c>.questions</c> (by label,
/// where the labels are a closed set), <c>.input_tokens</c>, <c>.cut</c>, <c>.confidence</c> and <c>.familiarity</c>; all by
/// <c>stepdistill.student.name</c> and <c>stepdistill.student.version</c>.
/// </remarks>
public static class StudentTelemetry
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "StepDistill.Inference";

    internal static string? Version { get; } = typeof(StudentTelemetry).Assembly.GetName().Version?.ToString(3);

    internal static ActivitySource Source { get; } = new(Name, Version);
}
