using System.ComponentModel.DataAnnotations;

namespace StepDistill.Recipes;

/// <summary>The section <c>task</c>: what a label is, how an input is written, and where the rows are.</summary>
/// <remarks>With a preset's name only the files need be given; every other key then overrides the preset.</remarks>
public sealed record TaskSection
{
    /// <summary>A preset (<c>nli</c>, <c>cqa</c>, <c>svamp</c>; <c>stepdistill tasks</c> lists them), or any other name for a task of one's own.</summary>
    public required string Name { get; init; }

    /// <summary>File of training rows: .jsonl, .jsonl.gz, .csv or .parquet; a relative path starts at the recipe's folder.</summary>
    [RecipePath]
    public string? Train { get; init; }

    /// <summary>File of validation rows. Without it, <see cref="ValidationRows"/> or <see cref="ValidationShare"/> cuts them from the training rows.</summary>
    [RecipePath]
    public string? Validation { get; init; }

    /// <summary>File of test rows, read once, at the end. Without it the validation rows are what is reported.</summary>
    [RecipePath]
    public string? Test { get; init; }

    /// <summary>Share of the training rows that become validation rows when neither a file nor row numbers say so; chosen by hash of the id. Default: 0.1.</summary>
    [Range(0d, 1d, MaximumIsExclusive = true)]
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>JSON file with the numbers (from 0) of the training rows that are validation rows; <c>FILE#key.key</c> picks an array inside.</summary>
    [RecipePath(Inside = true)]
    public string? ValidationRows { get; init; }

    /// <summary>What a label is: <c>label</c> (one of <see cref="Labels"/>), <c>choice</c> (one of the input's own), <c>equation</c> or <c>text</c>.</summary>
    [AllowedValues("label", "choice", "equation", "text")]
    public string? Answer { get; init; }

    /// <summary>The closed set of labels, where <see cref="Answer"/> is <c>label</c>.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>How an input is written from columns, such as <c>{premise}&lt;/s&gt;{hypothesis}</c>. Without it, or where a row lacks those columns, the column <c>input</c>.</summary>
    public string? Input { get; init; }

    /// <summary>The column of the gold label. Default: <c>label</c>.</summary>
    public string? LabelColumn { get; init; }

    internal IEnumerable<string> Faults()
    {
        if (Answer == "label" && Labels is not { Count: >= 2 })
        {
            yield return "task.labels is missing; with task.answer 'label' it must list at least two labels.";
        }

        if (Tasks.TaskCatalog.Fault(this) is { } fault)
        {
            yield return fault;
        }
    }
}
