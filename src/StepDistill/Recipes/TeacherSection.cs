using System.ComponentModel.DataAnnotations;

namespace StepDistill.Recipes;

/// <summary>The section <c>teacher</c>: who is asked, how, and which answers are kept.</summary>
public sealed record TeacherSection
{
    /// <summary><c>recorded</c> (answers that came with the rows) or <c>chat</c> (a model behind an API). Default: <c>recorded</c>.</summary>
    [AllowedValues("recorded", "chat")]
    public string Name { get; init; } = "recorded";

    /// <summary>For <c>recorded</c>: file of answers matched to rows by <c>id</c> (<c>teacher.completion</c>, or <c>rationale</c> and <c>teacher_label</c>), instead of those beside the rows; or a list of files, each with another answer to the same rows. Relative paths start at the recipe's folder.</summary>
    [RecipePath]
    public IReadOnlyList<string>? Answers { get; init; }

    /// <summary>How replies are read: <c>cqa-cot</c>, <c>svamp-cot</c>, <c>anli-cot</c>, <c>esnli-cot</c>, or <c>plain</c>. Default: what the task's preset says, else <c>plain</c>.</summary>
    public string? Format { get; init; }

    /// <summary>Which annotations train the student: <c>readable</c>, or <c>correct</c> (label equals gold). Default: <c>readable</c>; the paper filters nothing more.</summary>
    [AllowedValues("readable", "correct")]
    public string Keep { get; init; } = "readable";

    /// <summary>For <c>chat</c>: <c>openai</c> (any server that speaks its protocol) or <c>ollama</c>. Default: <c>openai</c>.</summary>
    [AllowedValues("openai", "ollama")]
    public string Provider { get; init; } = "openai";

    /// <summary>For <c>chat</c>: the server's address; the provider's own where missing.</summary>
    public string? Endpoint { get; init; }

    /// <summary>For <c>chat</c>: the model's name at the provider.</summary>
    public string? Model { get; init; }

    /// <summary>For <c>chat</c>: the environment variable that holds the key. Default: <c>OPENAI_API_KEY</c>.</summary>
    public string KeyVariable { get; init; } = "OPENAI_API_KEY";

    /// <summary>For <c>chat</c>: JSONL file of worked examples (<c>input</c>, <c>rationale</c>, <c>label</c>); a relative path starts at the recipe's folder.</summary>
    [RecipePath]
    public string? Demonstrations { get; init; }

    /// <summary>For <c>chat</c>: sampling temperature. Default: 0.</summary>
    [Range(0d, 2d)]
    public double Temperature { get; init; }

    /// <summary>For <c>chat</c>: answers asked for each row, of which an epoch trains one (Li et al. 2023, arXiv 2306.14050); several need a temperature above 0. Default: 1.</summary>
    [Range(1, 1000)]
    public int Samples { get; init; } = 1;

    /// <summary>For <c>chat</c>: tokens a reply may have; a reply that reaches it before its label counts as truncated. Default: 512.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTokens { get; init; } = 512;

    /// <summary>For <c>chat</c>: questions under way at once. Default: 4.</summary>
    [Range(1, 10_000)]
    public int Concurrency { get; init; } = 4;

    /// <summary>For <c>chat</c>: requests that any minute may hold; what the server itself says is heeded anyway.</summary>
    [Range(1, int.MaxValue)]
    public int? RequestsPerMinute { get; init; }

    /// <summary>For <c>chat</c>: tokens, of prompts and replies, that any minute may hold; what the server itself says is heeded anyway.</summary>
    [Range(1, int.MaxValue)]
    public int? TokensPerMinute { get; init; }

    /// <summary>For <c>annotate --batch</c>: requests in one batch. Default: 50000, OpenAI's limit.</summary>
    [Range(1, 50_000_000)]
    public int BatchRequests { get; init; } = 50_000;

    /// <summary>For <c>annotate --batch</c>: megabytes (millions of bytes) of one file of requests. Default: 200, OpenAI's limit.</summary>
    [Range(1, 100_000)]
    public int BatchMegabytes { get; init; } = 200;

    /// <summary>For <c>annotate --batch</c>: tokens of prompts that may wait in open batches, as the account allows for the model; prompts count as their bytes until the service has counted one. No limit where missing.</summary>
    [Range(1, int.MaxValue)]
    public int? EnqueuedTokens { get; init; }

    internal IEnumerable<string> Faults()
    {
        if (Name == "chat" && string.IsNullOrWhiteSpace(Model))
        {
            yield return "teacher.model is missing; with teacher.name 'chat' it must name the model to ask.";
        }

        if (Name == "chat" && Samples > 1 && Temperature == 0)
        {
            yield return $"teacher.samples is {Samples} and teacher.temperature is 0, at which a model answers the same every time; "
                + "set a temperature above 0, such as 0.7.";
        }

        if (Endpoint is not null && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            yield return $"teacher.endpoint is '{Endpoint}'; it must be an address that starts with http:// or https://.";
        }
    }
}
