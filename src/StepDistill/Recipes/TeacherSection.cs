using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Serialization;
using StepDistill.Teachers.Redaction;

namespace StepDistill.Recipes;

/// <summary>The section <c>teacher</c>: who is asked, how, and which answers are kept.</summary>
public sealed record TeacherSection
{
    private static readonly IReadOnlyList<string> Readable = ["readable"];

    /// <summary><c>recorded</c> (answers that came with the rows) or <c>chat</c> (a model behind an API). Default: <c>recorded</c>.</summary>
    [AllowedValues("recorded", "chat")]
    public string Name { get; init; } = "recorded";

    /// <summary>For <c>recorded</c>: file of answers matched to rows by <c>id</c> (<c>teacher.completion</c>, or <c>rationale</c> and <c>teacher_label</c>), instead of those beside the rows; or a list of files, each with another answer to the same rows. Relative paths start at the recipe's folder.</summary>
    [RecipePath]
    public IReadOnlyList<string>? Answers { get; init; }

    /// <summary>How replies are read: <c>cqa-cot</c>, <c>svamp-cot</c>, <c>anli-cot</c>, <c>esnli-cot</c>, or <c>plain</c>. Default: what the task's preset says, else <c>plain</c>.</summary>
    public string? Format { get; init; }

    /// <summary>Which annotations train the student, one filter or a list: <c>readable</c> (always), <c>correct</c> (label equals gold), <c>rationale</c> (there is one), <c>no-copy</c> (it is neither a part of the input nor the label alone), <c>length</c> (see <see cref="RationaleWords"/>), <c>language</c> (it is written in a script of the input), <c>distinct</c> (it is not nearly that of an earlier answer). Default: <c>readable</c>; the paper filters nothing more.</summary>
    [AllowedValues("readable", "correct", "rationale", "no-copy", "length", "language", "distinct")]
    [OneOrSeveral]
    [JsonConverter(typeof(OneOrSeveral))]
    public IReadOnlyList<string> Keep { get; init; } = Readable;

    /// <summary>How long rationales may be, for the filter <c>length</c> of <see cref="Keep"/>.</summary>
    public RationaleLengthSection? RationaleWords { get; init; }

    /// <summary>For <c>chat</c>: <c>openai</c> (any server that speaks its protocol), <c>azure</c> (models deployed at Azure; <c>model</c> is the deployment), <c>anthropic</c> or <c>ollama</c>. Default: <c>openai</c>.</summary>
    [AllowedValues("openai", "azure", "anthropic", "ollama")]
    public string Provider { get; init; } = "openai";

    /// <summary>For <c>chat</c>: the server's address; the provider's own where missing.</summary>
    public string? Endpoint { get; init; }

    /// <summary>For <c>chat</c>: the model's name at the provider.</summary>
    public string? Model { get; init; }

    /// <summary>For <c>chat</c>: the environment variable, or else the user secret, that holds the key. Default: <c>OPENAI_API_KEY</c>, <c>AZURE_OPENAI_API_KEY</c> or <c>ANTHROPIC_API_KEY</c>, by provider.</summary>
    public string? KeyVariable { get; init; }

    /// <summary>For <c>chat</c>: what is taken out of every text before it is sent: built-in kinds (<c>email</c>, <c>iban</c>, <c>credit-card</c>, <c>ip</c>, <c>phone</c>) and objects with a <c>pattern</c> (a regular expression without look-arounds) and its <c>replacement</c>. Default: nothing.</summary>
    public IReadOnlyList<RedactionSetting>? Redact { get; init; }

    /// <summary>For <c>chat</c>: JSONL file of worked examples (<c>input</c>, <c>rationale</c>, <c>label</c>); a relative path starts at the recipe's folder.</summary>
    [RecipePath]
    public string? Demonstrations { get; init; }

    /// <summary>For <c>chat</c>: which demonstrations a row is shown with: <c>fixed</c> (all, in order), <c>random</c> (drawn by the row's input and <see cref="DemonstrationSeed"/>) or <c>nearest</c> (the likest inputs, the likest last). Never one whose input is the row's own. Default: <c>fixed</c>.</summary>
    [AllowedValues("fixed", "random", "nearest")]
    public string DemonstrationChoice { get; init; } = "fixed";

    /// <summary>For <c>chat</c>: how many demonstrations a row is shown with, where they are chosen at random or as the nearest.</summary>
    [Range(1, 1000)]
    public int? DemonstrationsShown { get; init; }

    /// <summary>For <c>chat</c>: what <c>random</c> draws by. Not the training's seed: other students learn from the same answers. Default: 0.</summary>
    public int DemonstrationSeed { get; init; }

    /// <summary>For <c>chat</c>: <c>chat</c> (demonstrations as turns of a chat) or <c>completion</c> (one message of running text, for base models and servers that only continue). Default: <c>chat</c>.</summary>
    [AllowedValues("chat", "completion")]
    public string Form { get; init; } = "chat";

    /// <summary>For <c>chat</c>: where the reasons stand: <c>before</c> the label (chain of thought), <c>after</c> it, or <c>for-gold</c>: the prompt gives the gold label and asks only for reasons (Zelikman et al. 2022, arXiv 2203.14465). Default: <c>before</c>.</summary>
    [AllowedValues("before", "after", "for-gold")]
    public string Rationale { get; init; } = "before";

    /// <summary>For <c>chat</c>: <c>text</c>; <c>json</c> (an object by a JSON schema that goes with the request); or <c>auto</c>, which asks for JSON where one small request proves that the server enforces schemas, and else for text. Default: <c>text</c>.</summary>
    [AllowedValues("text", "json", "auto")]
    public string Output { get; init; } = "text";

    /// <summary>For <c>chat</c>: sampling temperature; Anthropic's models take none. Default: 0.</summary>
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

    /// <summary>For <c>chat</c>: seconds that one request may take; then it is sent again. Default: 120.</summary>
    [Range(1, 3600)]
    public int TimeoutSeconds { get; init; } = 120;

    /// <summary>For <c>chat</c>: requests that any minute may hold; what the server itself says is heeded anyway.</summary>
    [Range(1, int.MaxValue)]
    public int? RequestsPerMinute { get; init; }

    /// <summary>For <c>chat</c>: tokens, of prompts and replies, that any minute may hold; what the server itself says is heeded anyway.</summary>
    [Range(1, int.MaxValue)]
    public int? TokensPerMinute { get; init; }

    /// <summary>For <c>chat</c>: a JSON file of prices that go before the built-in ones; a relative path starts at the recipe's folder.</summary>
    [RecipePath]
    public string? Prices { get; init; }

    /// <summary>For <c>chat</c>: what the model's tokens cost, in dollars for a million of them; goes before every table.</summary>
    public PriceSection? Price { get; init; }
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
        foreach (var fault in Price?.Faults() ?? [])
        {
            yield return fault;
        }

        foreach (var fault in (Redact ?? []).Select(Redactor.Fault).OfType<string>())
        {
            yield return fault;
        }

        if (RationaleWords is { } words && words.Min > words.Max)
        {
            yield return $"teacher.rationale_words.min is {words.Min} and teacher.rationale_words.max is {words.Max}; the first must not be above the second.";
        }

        if (RationaleWords is not null && !Keep.Contains("length"))
        {
            yield return "teacher.rationale_words is given, and teacher.keep has no 'length' that would heed it; add it.";
        }

        if (Name == "chat" && string.IsNullOrWhiteSpace(Model))
        {
            yield return "teacher.model is missing; with teacher.name 'chat' it must name the model to ask.";
        }

        if (Name == "chat" && Provider == "azure" && Endpoint is null)
        {
            yield return "teacher.endpoint is missing; with teacher.provider 'azure' it must be the resource's address, such as https://NAME.openai.azure.com.";
        }

        if (Name == "chat" && Provider == "anthropic" && Temperature != 0)
        {
            yield return $"teacher.temperature is {Temperature.ToString("R", CultureInfo.InvariantCulture)}; Anthropic's models take none: leave it out.";
        }

        if (Name == "chat" && Provider != "anthropic" && Samples > 1 && Temperature == 0)
        {
            yield return $"teacher.samples is {Samples} and teacher.temperature is 0, at which a model answers the same every time; "
                + "set a temperature above 0, such as 0.7.";
        }

        foreach (var fault in Name == "chat" ? PromptFaults() : [])
        {
            yield return fault;
        }

        if (Endpoint is not null && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            yield return $"teacher.endpoint is '{Endpoint}'; it must be an address that starts with http:// or https://.";
        }
    }

    private IEnumerable<string> PromptFaults()
    {
        if (DemonstrationChoice != "fixed" && Demonstrations is null)
        {
            yield return $"teacher.demonstrations is missing; with teacher.demonstration_choice '{DemonstrationChoice}' it must name the file to choose from.";
        }

        if (DemonstrationChoice != "fixed" && DemonstrationsShown is null)
        {
            yield return $"teacher.demonstrations_shown is missing; with teacher.demonstration_choice '{DemonstrationChoice}' it must say how many are shown, such as 6.";
        }

        if (DemonstrationChoice == "fixed" && DemonstrationsShown is not null)
        {
            yield return $"teacher.demonstrations_shown is {DemonstrationsShown} and teacher.demonstration_choice is 'fixed', which shows all; "
                + "choose random or nearest, or leave demonstrations_shown out.";
        }

        if (Form == "completion" && Output != "text")
        {
            yield return $"teacher.output is '{Output}' and teacher.form is 'completion'; a server that only continues text takes no schema, "
                + "so with that form it must be text.";
        }
    }
}
