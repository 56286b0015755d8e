using Microsoft.Extensions.AI;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Teachers;

/// <summary>Writes the few-shot chain-of-thought prompt for an example as chat messages.</summary>
/// <remarks>
/// An instruction, then for each demonstration a question and its answer, then the question. The forms are those of the
/// paper's prompts as its published answers show them (the prompts themselves were not published): <c>Q: … A:</c> for
/// <c>cqa-cot</c> and <c>svamp-cot</c>, <c>Premise: … Hypothesis: …</c> followed by <c>Answer:</c> for <c>anli-cot</c> and
/// by <c>Reasonings:</c> for <c>esnli-cot</c>. The instruction is ours: the paper's teacher continued text and needed none,
/// chat models do. Every demonstration's answer is read back by the reply reader when the template is made, so the teacher
/// is never shown a form that could not be read. Immutable, so safe for use by several threads at once.
/// </remarks>
public sealed class PromptTemplate
{
    private readonly TaskSpec _task;
    private readonly Layout _layout;
    private readonly List<ChatMessage> _head;

    /// <summary>Prepares the prompt.</summary>
    /// <param name="task">What a label is; the instruction names the allowed labels.</param>
    /// <param name="format">One of <see cref="ReplyReader.Formats"/>.</param>
    /// <param name="demonstrations">Worked examples, in order; may be empty.</param>
    /// <exception cref="StepDistillException">
    /// The format is unknown, or a demonstration cannot be written in it or read back from it.
    /// </exception>
    public PromptTemplate(TaskSpec task, string format, IReadOnlyList<Demonstration> demonstrations)
    {
        _task = task;
        _layout = Layout.Find(format) ?? throw new StepDistillException(
            $"teacher.format is '{format}'; it must be {string.Join(", ", ReplyReader.Formats)}.");
        _head = [new ChatMessage(ChatRole.System, Instruction())];
        foreach (var demonstration in demonstrations)
        {
            var answer = Answer(demonstration);
            if (ReplyReader.Read(task, format, demonstration.Example, answer).Label is not { } label
                || !task.IsCorrect(demonstration.Example, label))
            {
                throw new StepDistillException(
                    $"The {demonstration.Example.Id} cannot be used: from its answer \"{answer}\" the label "
                    + $"'{demonstration.Example.Label}' cannot be read back. Word its rationale so that it does not itself "
                    + "announce an answer or start another question.");
            }

            _head.Add(new ChatMessage(ChatRole.User, Question(demonstration.Example)));
            _head.Add(new ChatMessage(ChatRole.Assistant, answer));
        }
    }

    /// <summary>Writes the prompt for an example.</summary>
    /// <param name="example">An example whose input is known.</param>
    /// <exception cref="StepDistillException">The format needs a premise and a hypothesis, and the example has none.</exception>
    public IReadOnlyList<ChatMessage> Render(Example example) => [.. _head, new ChatMessage(ChatRole.User, Question(example))];

    private string Question(Example example)
    {
        var input = example.Input ?? throw new ArgumentException($"The input of example '{example.Id}' is not known.", nameof(example));
        if (_layout.IsPair)
        {
            var (premise, hypothesis) = Pair(example, input);
            return $"Premise: {premise}\nHypothesis: {hypothesis}\n{_layout.Close}";
        }

        // </s> parts the sentences of a pair for the student's tokenizer and means nothing to a teacher.
        var question = input.Replace("</s>", "\n", StringComparison.Ordinal);
        if (_task.Answer == AnswerKind.Choice && Choices.FromInput(question).Count == 0)
        {
            question = $"{question}\nAnswer Choices:\n{Choices.Write(example.Choices)}";
        }

        return _layout.Open + question + (_layout.Close.Length > 0 ? "\n" + _layout.Close : "");
    }

    private static (string Premise, string Hypothesis) Pair(Example example, string input) =>
        example.Columns.TryGetValue("premise", out var premise) && example.Columns.TryGetValue("hypothesis", out var hypothesis)
            ? (premise, hypothesis)
            : input.Split("</s>") is [var first, var second]
                ? (first, second)
                : throw new StepDistillException(
                    $"The input of example '{example.Id}' has no premise and hypothesis, neither as columns nor parted by "
                    + "</s>. Choose another teacher.format, such as plain.");

    private string Answer(Demonstration demonstration)
    {
        var label = demonstration.Example.Label!;
        var written = _task.Answer switch
        {
            AnswerKind.Choice => Lettered(demonstration.Example, label),
            AnswerKind.Equation => label is ['(', .. var inner, ')'] && IsBalanced(inner) ? label : $"({label})",
            _ => label,
        };
        return demonstration.Rationale + _layout.Announce + written + _layout.End;
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

    private string Instruction() =>
        "Answer the question. First give your reasons in one to three short sentences, "
        + $"then the answer, in this form:\n{_layout.Shape}\n"
        + _task.Answer switch
        {
            AnswerKind.Label => $"ANSWER is one of: {string.Join(", ", _task.Labels)}. Choose one even when in doubt.",
            AnswerKind.Choice => "ANSWER is the letter and the text of exactly one of the choices, such as (b) river.",
            AnswerKind.Equation => "ANSWER is the calculation in parentheses, with numbers and + - * / only, such as (12 - 5).",
            _ => "ANSWER is a short text.",
        };

    /// <summary>What stands around question and answer in a format.</summary>
    /// <param name="Name">The format.</param>
    /// <param name="IsPair">Whether the question is a premise and a hypothesis.</param>
    /// <param name="Open">What the question starts with.</param>
    /// <param name="Close">The question's last line.</param>
    /// <param name="Announce">What stands between rationale and label.</param>
    /// <param name="End">What follows the label.</param>
    private sealed record Layout(string Name, bool IsPair, string Open, string Close, string Announce, string End)
    {
        private static readonly Layout[] All =
        [
            new("cqa-cot", false, "Q: ", "A:", " So the answer is ", "."),
            new("svamp-cot", false, "Q: ", "A:", " The answer is ", "."),
            new("anli-cot", true, "", "Answer:", " So the answer is ", "."),
            new("esnli-cot", true, "", "Reasonings:", "\nAnswer: ", ""),
            new("plain", false, "", "", "\nAnswer: ", ""),
        ];

        public string Shape => $"REASONS{Announce}ANSWER{End}";

        public static Layout? Find(string name) => Array.Find(All, layout => layout.Name == name);
    }
}
