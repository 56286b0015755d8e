using CsCheck;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Replies;

namespace StepDistill.Tests.Teachers;

public sealed class PromptTemplateTests
{
    private static readonly string Shipped = Path.Combine(Source(), "..", "..", "..", "recipes", "demonstrations");

    public static TheoryData<string, string, string> Formats { get; } = new()
    {
        { "cqa", "cqa-cot", "cqa.jsonl" },
        { "svamp", "svamp-cot", "svamp.jsonl" },
        { "nli", "anli-cot", "anli.jsonl" },
        { "nli", "esnli-cot", "esnli.jsonl" },
        { "cqa", "plain", "cqa.jsonl" },
        { "svamp", "plain", "svamp.jsonl" },
        { "nli", "plain", "esnli.jsonl" },
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cqa_asks_as_the_paper_did()
    {
        var messages = await Render("cqa", "cqa-cot", "cqa.jsonl", new Example
        {
            Id = "1",
            Input = "Where do fish live?\nAnswer Choices:\n(a) air\n(b) water",
            Choices = ["air", "water"],
        });
        Assert.StartsWith("Q: Where would you most likely put a letter", messages[1].Text, StringComparison.Ordinal);
        Assert.EndsWith("\nAnswer Choices:\n(a) drawer\n(b) mailbox\n(c) bookshelf\n(d) dustbin\n(e) pocket\nA:", messages[1].Text, StringComparison.Ordinal);
        Assert.EndsWith("are collected and delivered. So the answer is (b) mailbox.", messages[2].Text, StringComparison.Ordinal);
        Assert.Equal("Q: Where do fish live?\nAnswer Choices:\n(a) air\n(b) water\nA:", messages[^1].Text);
    }

    [Fact]
    public async Task Svamp_asks_as_the_paper_did()
    {
        var messages = await Render("svamp", "svamp-cot", "svamp.jsonl", new Example { Id = "1", Input = "Two and two.\nHow many?" });
        Assert.EndsWith("The answer is (7 * 12).", messages[2].Text, StringComparison.Ordinal);
        Assert.Equal("Q: Two and two.\nHow many?\nA:", messages[^1].Text);
    }

    [Fact]
    public async Task Anli_asks_as_the_paper_did()
    {
        var messages = await Render("nli", "anli-cot", "anli.jsonl", new Example { Id = "1", Input = "It rains.</s>It is wet." });
        Assert.EndsWith(" So the answer is entailment.", messages[2].Text, StringComparison.Ordinal);
        Assert.Equal("Premise: It rains.\nHypothesis: It is wet.\nAnswer:", messages[^1].Text);
    }

    [Fact]
    public async Task Esnli_asks_as_the_paper_did()
    {
        var messages = await Render("nli", "esnli-cot", "esnli.jsonl", new Example { Id = "1", Input = "It rains.</s>It is wet." });
        Assert.EndsWith("\nAnswer: entailment", messages[2].Text, StringComparison.Ordinal);
        Assert.Equal("Premise: It rains.\nHypothesis: It is wet.\nReasonings:", messages[^1].Text);
    }

    [Fact]
    public void Plain_names_the_allowed_labels()
    {
        var task = new TaskSpec { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };
        var messages = new PromptTemplate(task, "plain", []).Render(new Example { Id = "1", Input = "The sun shines." });
        Assert.Equal([ChatRole.System, ChatRole.User], messages.Select(message => message.Role));
        Assert.Contains("ANSWER is one of: good, bad.", messages[0].Text, StringComparison.Ordinal);
        Assert.Equal("The sun shines.", messages[1].Text);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Shipped_demonstrations_alternate_question_and_answer_and_read_back(string task, string format, string file)
    {
        var spec = TaskCatalog.Find(task)!;
        var demonstrations = await Demonstration.ReadAsync(spec, Path.Combine(Shipped, file), Stop);
        Assert.InRange(demonstrations.Count, 3, 10);
        var messages = new PromptTemplate(spec, format, demonstrations).Render(demonstrations[0].Example);
        Assert.Equal(2 + (2 * demonstrations.Count), messages.Count);
        for (var i = 0; i < demonstrations.Count; i++)
        {
            Assert.Equal((ChatRole.User, ChatRole.Assistant), (messages[1 + (2 * i)].Role, messages[2 + (2 * i)].Role));
            var reply = ReplyReader.Read(spec, format, demonstrations[i].Example, messages[2 + (2 * i)].Text);
            Assert.Equal(AnnotationStatus.Ok, reply.Status);
            Assert.True(spec.IsCorrect(demonstrations[i].Example, reply.Label!));
            Assert.Equal(demonstrations[i].Rationale, reply.Rationale);
        }
    }

    [Fact]
    public void Any_label_of_any_demonstration_is_read_back_or_the_demonstration_is_refused() =>
        Gen.Select(Gen.Int[0, ReplyReader.Formats.Count - 1], Gen.String, Gen.String[1, 15], Gen.String[1, 15]).Sample((format, reasons, one, other) =>
        {
            var task = new TaskSpec { Name = "t", Answer = AnswerKind.Label, Labels = [one, other] };
            var example = new Example { Id = "1", Input = "a</s>b" };
            if (task.Canonical(example, one) is not { } label)
            {
                return;
            }

            try
            {
                var demonstration = new Demonstration(example with { Label = label }, "r" + reasons);
                var messages = new PromptTemplate(task, ReplyReader.Formats[format], [demonstration]).Render(example);
                var read = ReplyReader.Read(task, ReplyReader.Formats[format], example, messages[2].Text);
                Assert.True(task.IsCorrect(example with { Label = label }, read.Label!));
            }
            catch (StepDistillException e)
            {
                Assert.Contains("cannot be read back", e.Message, StringComparison.Ordinal);
            }
        });

    [Theory]
    [InlineData("( 84.0 / 2.0 )", "(84.0 / 2.0)|( 84.0 / 2.0 )")]
    [InlineData("(1 + 2) * (3 + 4)", "((1 + 2) * (3 + 4))")]
    [InlineData("12", "(12)")]
    public void Equations_stand_in_one_pair_of_parentheses(string label, string written)
    {
        var example = new Example { Id = "1", Input = "How many?", Label = label };
        var messages = new PromptTemplate(TaskCatalog.Find("svamp")!, "svamp-cot", [new Demonstration(example, "So many.")]).Render(example);
        Assert.Contains(messages[2].Text["So many. The answer is ".Length..^1], written.Split('|'));
    }

    [Fact]
    public void A_demonstration_that_announces_two_answers_is_refused_if_it_reads_wrongly()
    {
        var example = new Example { Id = "demonstration 3", Input = "a</s>b", Label = "neutral" };
        var fault = Assert.Throws<StepDistillException>(() => new PromptTemplate(
            TaskCatalog.Find("nli")!, "anli-cot", [new Demonstration(example, "Well.\nPremise: x")]));
        Assert.Contains("demonstration 3", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'neutral'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_win_over_a_parted_input()
    {
        var example = new Example
        {
            Id = "1",
            Input = "x",
            Columns = new Dictionary<string, string> { ["premise"] = "It rains.", ["hypothesis"] = "It is wet." },
        };
        var messages = new PromptTemplate(TaskCatalog.Find("nli")!, "anli-cot", []).Render(example);
        Assert.Equal("Premise: It rains.\nHypothesis: It is wet.\nAnswer:", messages[^1].Text);
    }

    [Fact]
    public void A_pair_format_needs_a_pair()
    {
        var prompt = new PromptTemplate(TaskCatalog.Find("nli")!, "anli-cot", []);
        var fault = Assert.Throws<StepDistillException>(() => prompt.Render(new Example { Id = "row 9", Input = "It rains." }));
        Assert.Contains("row 9", fault.Message, StringComparison.Ordinal);
        Assert.Contains("premise", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_format_is_named_with_the_known_ones()
    {
        var fault = Assert.Throws<StepDistillException>(() => new PromptTemplate(TaskCatalog.Find("nli")!, "cot", []));
        Assert.Contains("'cot'", fault.Message, StringComparison.Ordinal);
        Assert.All(ReplyReader.Formats, format => Assert.Contains(format, fault.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_reply_format_has_a_prompt() => Assert.All(
        ReplyReader.Formats, format => Assert.NotNull(new PromptTemplate(TaskCatalog.Find("nli")!, format, [])));

    private static async Task<IReadOnlyList<ChatMessage>> Render(string task, string format, string file, Example example)
    {
        var spec = TaskCatalog.Find(task)!;
        return new PromptTemplate(spec, format, await Demonstration.ReadAsync(spec, Path.Combine(Shipped, file), Stop)).Render(example);
    }

    private static string Source([System.Runtime.CompilerServices.CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
