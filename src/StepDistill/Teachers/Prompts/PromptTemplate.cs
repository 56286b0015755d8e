using Microsoft.Extensions.AI;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Teachers.Prompts;

/// <summary>Writes the few-shot prompt for an example as chat messages, and reads what comes back.</summary>
/// <remarks>
/// An instruction, then for each demonstration a question and its answer, then the question; <see cref="PromptLayout"/> has
/// the words. Every demonstration's answer is read back when the template is made, so the teacher is never shown a form
/// that could not be read. Immutable, so safe for use by several threads at once.
/// </remarks>
public sealed class PromptTemplate
{
    private readonly TaskSpec _task;
    private readonly string _format;
    private readonly PromptSettings _settings;
    private readonly DemonstrationChooser _chooser;
    private readonly Writing? _text;
    private readonly Writing? _json;

    /// <summary>Prepares the prompt.</summary>
    /// <param name="task">What a label is; the instruction names the allowed labels.</param>
    /// <param name="format">One of <see cref="ReplyReader.Formats"/>.</param>
    /// <param name="demonstrations">Worked examples, in order; may be empty.</param>
    /// <param name="settings">How to ask; a chat with the reasons first where missing.</param>
    /// <exception cref="StepDistillException">
    /// The format is unknown, a demonstration cannot be written in it or read back from it, or more demonstrations are to be
    /// shown than there are.
    /// </exception>
    public PromptTemplate(TaskSpec task, string format, IReadOnlyList<Demonstration> demonstrations, PromptSettings? settings = null)
    {
        (_task, _format, _settings) = (task, format, settings ?? new PromptSettings());
        _chooser = new DemonstrationChooser(demonstrations, _settings);
        _text = _settings.Output == ReplyOutput.Json ? null : Write(demonstrations, isJson: false);
        _json = _settings.Output == ReplyOutput.Text ? null : Write(demonstrations, isJson: true);
        foreach (var demonstration in demonstrations)
        {
            foreach (var writing in new[] { _text, _json }.OfType<Writing>())
            {
                Check(demonstration, writing.Layout.Answer(demonstration), isJson: writing == _json);
            }
        }
    }

    /// <summary>What a server is asked to stop at, where nothing else ends a reply: the start of a question that the model makes up.</summary>
    public IReadOnlyList<string> StopSequences =>
        _settings.Form == PromptForm.Completion && _text?.Layout.QuestionMark is { } mark ? [$"\n{mark}"] : [];

    /// <summary>Whether the example can be asked about: its input must be known and, where reasons for it are asked, its gold label.</summary>
    /// <param name="example">The example.</param>
    public bool CanAsk(Example example) => example.Input is not null
        && (_settings.Rationale != RationaleOrder.ForGold || (example.Label is { } gold && _task.Canonical(example, gold) is not null));

    /// <summary>Writes the prompt for an example.</summary>
    /// <param name="example">An example that <see cref="CanAsk"/> allows.</param>
    /// <param name="isJson">Whether the reply is to be a JSON object; what the settings say where they leave no choice.</param>
    /// <exception cref="StepDistillException">The format needs a premise and a hypothesis, and the example has none.</exception>
    public IReadOnlyList<ChatMessage> Render(Example example, bool isJson = false)
    {
        if (!CanAsk(example))
        {
            throw new ArgumentException(
                $"The input of example '{example.Id}' is not known, or the gold label that the prompt must give.", nameof(example));
        }

        var writing = Of(isJson);
        var question = writing.Layout.Question(example);
        var shown = _chooser.For(example.Input!);
        return _settings.Form == PromptForm.Completion
            ? [new ChatMessage(ChatRole.User, string.Join("\n\n",
                [writing.Instruction.Text, .. shown.Select(index => writing.Running[index]), question]))]
            : [writing.Instruction, .. shown.SelectMany(index => writing.Turns[index]), new ChatMessage(ChatRole.User, question)];
    }

    /// <summary>The JSON schema of the reply to an example, as text.</summary>
    /// <param name="example">An example that <see cref="CanAsk"/> allows.</param>
    public string SchemaFor(Example example) => ReplySchema.Of(_task, example, _settings.Rationale);

    /// <summary>Reads a reply to the prompt for an example.</summary>
    /// <param name="example">What was asked.</param>
    /// <param name="reply">The untouched reply.</param>
    /// <param name="hitTokenLimit">Whether the provider said that the reply was cut off.</param>
    /// <param name="isJson">Whether a JSON object was asked for; what the settings say where they leave no choice.</param>
    public Reply Read(Example example, string reply, bool hitTokenLimit = false, bool isJson = false)
    {
        if (Of(isJson) == _json)
        {
            return JsonReply.Read(_task, example, reply, hitTokenLimit, _settings.Rationale == RationaleOrder.ForGold);
        }

        // The formats of the paper know where a further example starts; plain has such a mark in running text only.
        var block = _format == "plain" && _text!.Layout.QuestionMark is { } mark
            && reply.IndexOf($"\n{mark}", StringComparison.Ordinal) is >= 0 and var end ? reply[..end] : reply;
        var isCut = hitTokenLimit && block.Length == reply.Length;
        return _settings.Rationale switch
        {
            RationaleOrder.After => LabelFirstReply.Read(_task, _format, example, block, isCut),
            RationaleOrder.ForGold => GivenLabelReply.Read(_task, _format, example, block, isCut),
            _ => ReplyReader.Read(_task, _format, example, block, isCut),
        };
    }

    private void Check(Demonstration demonstration, string answer, bool isJson)
    {
        if (Read(demonstration.Example, answer, isJson: isJson).Label is not { } label || !_task.IsCorrect(demonstration.Example, label))
        {
            throw new StepDistillException(
                $"The {demonstration.Example.Id} cannot be used: from its answer \"{answer}\" the label "
                + $"'{demonstration.Example.Label}' cannot be read back. Word its rationale so that it does not itself "
                + "announce an answer or start another question.");
        }
    }

    private Writing Of(bool isJson) => (isJson ? _json : _text) ?? _json ?? _text!;

    private Writing Write(IReadOnlyList<Demonstration> demonstrations, bool isJson)
    {
        var layout = new PromptLayout(_task, _format, _settings.Form, _settings.Rationale, isJson);
        var pairs = demonstrations.Select(one => (Question: layout.Question(one.Example), Answer: layout.Answer(one))).ToList();
        return new Writing(
            layout,
            new ChatMessage(ChatRole.System, layout.Instruction()),
            pairs.ConvertAll(pair => new[] { new ChatMessage(ChatRole.User, pair.Question), new ChatMessage(ChatRole.Assistant, pair.Answer) }),
            pairs.ConvertAll(pair => $"{pair.Question} {pair.Answer}"));
    }

    /// <summary>The prompt's parts that are the same each time: the same objects, by which a token bound knows them.</summary>
    /// <param name="Layout">Its words.</param>
    /// <param name="Instruction">What comes first.</param>
    /// <param name="Turns">Each demonstration as turns of a chat.</param>
    /// <param name="Running">Each demonstration as running text.</param>
    private sealed record Writing(PromptLayout Layout, ChatMessage Instruction, List<ChatMessage[]> Turns, List<string> Running);
}
