using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Teachers.Prompts;

/// <summary>The words of a prompt: its instruction, and how questions and answers are written.</summary>
/// <remarks>
/// The forms are those of the paper's prompts as its published answers show them (the prompts themselves were not
/// published): <c>Q: … A:</c> for <c>cqa-cot</c> and <c>svamp-cot</c>, <c>Premise: … Hypothesis: …</c> followed by
/// <c>Answer:</c> for <c>anli-cot</c> and by <c>Reasonings:</c> for <c>esnli-cot</c>. The instruction is ours: the paper's
/// teacher continued text and needed none, chat models do. Reasons after the label, reasons for a given label and JSON are
/// ours too, and the same in all formats.
/// </remarks>
internal sealed class PromptLayout
{
    private static readonly Format[] Formats =
    [
        new("cqa-cot", false, "Q: ", "A:", " So the answer is ", "."),
        new("svamp-cot", false, "Q: ", "A:", " The answer is ", "."),
        new("anli-cot", true, "", "Answer:", " So the answer is ", "."),
        new("esnli-cot", true, "", "Reasonings:", "\nAnswer: ", ""),
        new("plain", false, "", "", "\nAnswer: ", ""),
    ];

    /// <summary>In running text something must mark the question and start the answer, which a chat's turns do otherwise.</summary>
    private static readonly Format PlainRunning = new("plain", false, "Question: ", "Reasons:", "\nAnswer: ", "");

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TaskSpec _task;
    private readonly RationaleOrder _order;
    private readonly bool _isJson;
    private readonly Format _format;

    /// <summary>Chooses the words.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="format">One of <see cref="ReplyReader.Formats"/>.</param>
    /// <param name="form">Turns, or running text.</param>
    /// <param name="order">Where the reasons stand.</param>
    /// <param name="isJson">Whether answers are JSON objects.</param>
    /// <exception cref="StepDistillException">There is no such format.</exception>
    public PromptLayout(TaskSpec task, string format, PromptForm form, RationaleOrder order, bool isJson)
    {
        (_task, _order, _isJson) = (task, order, isJson);
        var known = Array.Find(Formats, one => one.Name == format) ?? throw new StepDistillException(
            $"teacher.format is '{format}'; it must be {string.Join(", ", ReplyReader.Formats)}.");
        _format = known.Name == "plain" && form == PromptForm.Completion ? PlainRunning : known;
    }

    /// <summary>What starts a question, and so a further example that a model makes up; null where nothing marks it.</summary>
    public string? QuestionMark => _format.IsPair ? "Premise:" : _format.Open.Trim() is { Length: > 0 } open ? open : null;

    /// <summary>What comes before all questions.</summary>
    public string Instruction() => _order == RationaleOrder.ForGold
        ? "Each question comes with its answer, which is right. Give reasons for it in one to three short sentences. "
            + (_isJson ? $"Reply with one JSON object and nothing else, in this form:\n{Object("REASONS", null)}" : "Write nothing but the reasons.")
        : (_isJson ? $"Answer the question with one JSON object and nothing else, in this form:\n{Object("REASONS", "ANSWER")}\n"
                + $"REASONS are one to three short sentences that {(_order == RationaleOrder.After ? "explain" : "lead to")} the answer.\n"
            : _order == RationaleOrder.After
                ? $"Answer the question. First give the answer, then your reasons in one to three short sentences, in this form:\n{After("REASONS", "ANSWER")}\n"
                : "Answer the question. First give your reasons in one to three short sentences, "
                    + $"then the answer, in this form:\n{Before("REASONS", "ANSWER")}\n")
            + Allowed();

    /// <summary>A question, up to where its answer starts.</summary>
    /// <param name="example">An example whose input is known and, where reasons for a label are asked, whose gold label is.</param>
    /// <exception cref="StepDistillException">The format needs a premise and a hypothesis, and the example has none.</exception>
    public string Question(Example example)
    {
        var body = _format.IsPair ? Pair(example, example.Input!) : _format.Open + Body(example, example.Input!);
        var close = _order switch
        {
            RationaleOrder.ForGold => $"Answer: {Written(example)}" + (_isJson ? "" : "\nReasons:"),
            _ when _isJson => "",
            RationaleOrder.After => "Answer:",
            _ => _format.Close,
        };
        return close.Length > 0 ? $"{body}\n{close}" : body;
    }

    /// <summary>The answer that a demonstration shows.</summary>
    /// <param name="demonstration">The demonstration.</param>
    public string Answer(Demonstration demonstration) => (_isJson, _order) switch
    {
        (true, RationaleOrder.ForGold) => Object(demonstration.Rationale, null),
        (true, _) => Object(demonstration.Rationale, demonstration.Example.Label),
        (_, RationaleOrder.ForGold) => demonstration.Rationale,
        (_, RationaleOrder.After) => After(demonstration.Rationale, Written(demonstration.Example)),
        _ => Before(demonstration.Rationale, Written(demonstration.Example)),
    };

    private string Before(string rationale, string label) => rationale + _format.Announce + label + _format.End;

    private static string After(string rationale, string label) => $"{label}\nReasons: {rationale}";

    /// <summary>A JSON object with its keys in the order in which they are to be written.</summary>
    private string Object(string rationale, string? label)
    {
        var json = new JsonObject { [JsonReply.Rationale] = rationale };
        if (label is not null)
        {
            json.Insert(_order == RationaleOrder.After ? 0 : 1, JsonReply.Label, label);
        }

        return json.ToJsonString(Json);
    }

    private string Allowed() => _task.Answer switch
    {
        AnswerKind.Label => $"ANSWER is one of: {string.Join(", ", _task.Labels)}. Choose one even when in doubt.",
        AnswerKind.Choice when _isJson => "ANSWER is the text of exactly one of the choices, without its letter.",
        AnswerKind.Choice => "ANSWER is the letter and the text of exactly one of the choices, such as (b) river.",
        AnswerKind.Equation => "ANSWER is the calculation in parentheses, with numbers and + - * / only, such as (12 - 5).",
        _ => "ANSWER is a short text.",
    };

    private string Body(Example example, string input)
    {
        // </s> parts the sentences of a pair for the student's tokenizer and means nothing to a teacher.
        var question = input.Replace("</s>", "\n", StringComparison.Ordinal);
        return _task.Answer == AnswerKind.Choice && Choices.FromInput(question).Count == 0
            ? $"{question}\nAnswer Choices:\n{Choices.Write(example.Choices)}"
            : question;
    }

    private static string Pair(Example example, string input)
    {
        var (premise, hypothesis) =
            example.Columns.TryGetValue("premise", out var first) && example.Columns.TryGetValue("hypothesis", out var second)
                ? (first, second)
                : input.Split("</s>") is [var before, var after]
                    ? (before, after)
                    : throw new StepDistillException(
                        $"The input of example '{example.Id}' has no premise and hypothesis, neither as columns nor parted by "
                        + "</s>. Choose another teacher.format, such as plain.");
        return $"Premise: {premise}\nHypothesis: {hypothesis}";
    }

    /// <summary>The example's gold label as answers in text show it.</summary>
    private string Written(Example example)
    {
        var label = _task.Canonical(example, example.Label!) ?? example.Label!;
        return _task.Answer switch
        {
            AnswerKind.Choice => Lettered(example, label),
            AnswerKind.Equation => label is ['(', .. var inner, ')'] && IsBalanced(inner) ? label : $"({label})",
            _ => label,
        };
    }

    private static string Lettered(Example example, string label)
    {
        var index = example.Choices.ToList().FindIndex(choice => choice.Trim() == label.Trim());
        return $"({Choices.Letter(index)}) {label}";
    }

    /// <summary>Whether no parenthesis inside closes one outside, as in <c>(1) + (2)</c> without its ends.</summary>
    private static bool IsBalanced(string inner)
    {
        var depth = 0;
        return inner.All(c => (depth += c == '(' ? 1 : c == ')' ? -1 : 0) >= 0) && depth == 0;
    }

    /// <summary>What stands around question and answer in a format.</summary>
    /// <param name="Name">The format.</param>
    /// <param name="IsPair">Whether the question is a premise and a hypothesis.</param>
    /// <param name="Open">What the question starts with.</param>
    /// <param name="Close">The question's last line.</param>
    /// <param name="Announce">What stands between rationale and label.</param>
    /// <param name="End">What follows the label.</param>
    private sealed record Format(string Name, bool IsPair, string Open, string Close, string Announce, string End);
}
