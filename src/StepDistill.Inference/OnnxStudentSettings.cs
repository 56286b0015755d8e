namespace StepDistill.Inference;

/// <summary>How a student is opened.</summary>
public sealed record OnnxStudentSettings
{
    /// <summary>
    /// In which numbers it computes: <c>auto</c> for what its export chose, or see
    /// <see cref="Sessions.StudentPrecision.Parse"/>.
    /// </summary>
    public string Precision { get; init; } = Auto;

    /// <summary>Threads of one pass; null for one a core.</summary>
    public int? Threads { get; init; }

    /// <summary>Questions answered in one pass at most.</summary>
    public int MaxBatch { get; init; } = 32;

    /// <summary>Tokens of one pass at most, padding included; a longer input is a pass of its own.</summary>
    public int MaxBatchTokens { get; init; } = 4096;

    /// <summary>Tokens that generated labels and reasons may have; Hugging Face's <c>max_length</c>, so the start mark is one of them.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>What stands for the export's choice.</summary>
    public const string Auto = "auto";
}
