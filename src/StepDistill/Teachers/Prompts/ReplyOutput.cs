namespace StepDistill.Teachers.Prompts;

/// <summary>What a teacher is asked to write.</summary>
public enum ReplyOutput
{
    /// <summary>Text in the recipe's format.</summary>
    Text,

    /// <summary>A JSON object by a schema that goes with the request.</summary>
    Json,

    /// <summary>A JSON object where the server proves that it enforces schemas, else text.</summary>
    Auto,
}
