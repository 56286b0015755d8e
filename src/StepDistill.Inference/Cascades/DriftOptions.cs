namespace StepDistill.Inference.Cascades;

/// <summary>How far back drift signals look, and how easily they alarm.</summary>
public sealed record DriftOptions
{
    /// <summary>Newest calls that are looked at. Default: 1,000. From 100.</summary>
    public int Window { get; init; } = 1000;

    /// <summary>Newest audited calls that are looked at: they are rarer, so older ones count. Default: 500. From 20.</summary>
    public int AuditWindow { get; init; } = 500;

    /// <summary>
    /// How often one signal alarms at one look although nothing has changed: at most this. Default: 0.0001. Above 0, below 0.5.
    /// Looks at windows that overlap are not independent: docs/guide/cascade.md says what that comes to over many looks.
    /// </summary>
    public double FalseAlarmRate { get; init; } = 0.0001;
}
