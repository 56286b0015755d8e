using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace StepDistill.Recipes;

/// <summary>Everything that decides a run's outcome: one section a stage, in the order data meets them.</summary>
/// <remarks>On disk names are in snake_case, as the field writes them: <c>max_steps</c>, <c>learning_rate</c>.</remarks>
public sealed record Recipe
{
    /// <summary>A short name for folders and reports, such as <c>esnli-small</c>: 1 to 80 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, no <c>.</c> first.</summary>
    [RegularExpression("[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}")]
    public required string Name { get; init; }

    /// <summary>What is learnt, and from which rows.</summary>
    public required TaskSection Task { get; init; }

    /// <summary>Who gives labels and rationales.</summary>
    public TeacherSection Teacher { get; init; } = new();

    /// <summary>How rows are annotated part by part.</summary>
    public WavesSection Waves { get; init; } = new();

    /// <summary>How rows become token ids, and how many at a time.</summary>
    public BatchesSection Batches { get; init; } = new();

    /// <summary>The network that learns.</summary>
    public StudentSection Student { get; init; } = new();

    /// <summary>How it learns.</summary>
    public TrainingSection Training { get; init; } = new();

    /// <summary>How often and how it is measured.</summary>
    public EvaluationSection Evaluation { get; init; } = new();

    /// <summary>Writes the whole recipe as JSON, every default spelt out; <see cref="RecipeReader"/> reads it back to an equal recipe.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RecipeReader.Json);
}
