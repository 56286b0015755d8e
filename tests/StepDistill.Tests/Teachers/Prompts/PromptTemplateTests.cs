using CsCheck;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers.Prompts;
using StepDistill.Teachers.Replies;

namespace StepDistill.Tests.Teachers.Prompts;

public sealed class PromptTemplateTests
{
    private static readonly string Shipped = Path.Combine(Source(), "..", "..", "..", "..", "recipes", "demonstrations");

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
        var messages = new PromptTemplate(spec, format, demonstrations).Render(demonstrations[0].Example with { Input = "a</s>b", Columns = new Dictionary<string, string>() });
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
                var messages = new PromptTemplate(task, ReplyReader.Formats[format], [demonstration]).Render(example with { Input = "c</s>d" });
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
        var messages = new PromptTemplate(TaskCatalog.Find("svamp")!, "svamp-cot", [new Demonstration(example, "So many.")])
            .Render(example with { Input = "How few?" });
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

    public static TheoryData<string, string, string, RationaleOrder, PromptForm, ReplyOutput> Settings
    {
        get
        {
            var data = new TheoryData<string, string, string, RationaleOrder, PromptForm, ReplyOutput>();
            foreach (var (task, format, file) in Formats.Select(row => row.Data))
            {
                foreach (var order in Enum.GetValues<RationaleOrder>())
                {
                    data.Add(task, format, file, order, PromptForm.Chat, ReplyOutput.Text);
                    data.Add(task, format, file, order, PromptForm.Completion, ReplyOutput.Text);
                    data.Add(task, format, file, order, PromptForm.Chat, ReplyOutput.Json);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task Every_demonstration_reads_back_with_its_reasons_in_every_form(
        string task, string format, string file, RationaleOrder order, PromptForm form, ReplyOutput output)
    {
        var spec = TaskCatalog.Find(task)!;
        var demonstrations = await Demonstration.ReadAsync(spec, Path.Combine(Shipped, file), Stop);
        var prompt = new PromptTemplate(
            spec, format, demonstrations, new PromptSettings { Form = form, Rationale = order, Output = output });
        foreach (var demonstration in demonstrations)
        {
            // What another row is shown as this one's answer is what a teacher that follows it would reply.
            var row = demonstrations.First(other => other != demonstration).Example;
            var rendered = prompt.Render(row);
            var question = prompt.Render(demonstration.Example)[^1].Text;
            var reply = form == PromptForm.Chat
                ? rendered[rendered.ToList().FindIndex(message => message.Text == question) + 1].Text
                : Following(rendered[0].Text, question.Split("\n\n")[^1]);
            var read = prompt.Read(demonstration.Example, reply);
            Assert.Equal((AnnotationStatus.Ok, demonstration.Rationale), (read.Status, read.Rationale));
            Assert.True(spec.IsCorrect(demonstration.Example, read.Label!));
        }

        static string Following(string prompt, string question)
        {
            var start = prompt.IndexOf(question, StringComparison.Ordinal);
            Assert.True(start >= 0);
            return prompt[(start + question.Length)..];      // the made-up examples after it are to be passed over
        }
    }

    [Fact]
    public void Completion_is_one_message_that_ends_where_the_answer_starts()
    {
        var row = new Example { Id = "1", Input = "It rains.", Label = "bad" };
        var text = Assert.Single(Mood(PromptForm.Completion, RationaleOrder.Before).Render(row));
        Assert.Equal(ChatRole.User, text.Role);
        Assert.EndsWith(
            """
            ANSWER is one of: good, bad. Choose one even when in doubt.

            Question: The sun shines.
            Reasons: Sun is pleasant.
            Answer: good

            Question: It rains.
            Reasons:
            """.ReplaceLineEndings("\n"), text.Text, StringComparison.Ordinal);
        Assert.EndsWith(
            "\n\nQuestion: The sun shines.\nAnswer: good\nReasons: Sun is pleasant.\n\nQuestion: It rains.\nAnswer:",
            Mood(PromptForm.Completion, RationaleOrder.After).Render(row)[0].Text, StringComparison.Ordinal);
        Assert.EndsWith(
            "\n\nQuestion: The sun shines.\nAnswer: good\nReasons: Sun is pleasant.\n\nQuestion: It rains.\nAnswer: bad\nReasons:",
            Mood(PromptForm.Completion, RationaleOrder.ForGold).Render(row)[0].Text, StringComparison.Ordinal);
        Assert.Equal(["\nQuestion:"], Mood(PromptForm.Completion, RationaleOrder.Before).StopSequences);
        Assert.Empty(Mood(PromptForm.Chat, RationaleOrder.Before).StopSequences);
    }

    [Fact]
    public void What_a_base_model_makes_up_after_its_answer_is_not_read()
    {
        var row = new Example { Id = "1", Input = "It rains.", Label = "bad" };
        const string MadeUp = "\n\nQuestion: It snows.\nReasons: Snow is fun.\nAnswer: good";
        var before = Mood(PromptForm.Completion, RationaleOrder.Before).Read(row, $" Rain is wet.\nAnswer: bad{MadeUp}", hitTokenLimit: true);
        Assert.Equal((AnnotationStatus.Ok, "bad", "Rain is wet."), (before.Status, before.Label, before.Rationale));
        var after = Mood(PromptForm.Completion, RationaleOrder.After).Read(row, $" bad\nReasons: Rain is wet.{MadeUp}", hitTokenLimit: true);
        Assert.Equal((AnnotationStatus.Ok, "bad", "Rain is wet."), (after.Status, after.Label, after.Rationale));
        var given = Mood(PromptForm.Completion, RationaleOrder.ForGold).Read(row, $" Rain is wet.{MadeUp}", hitTokenLimit: true);
        Assert.Equal((AnnotationStatus.Ok, "bad", "Rain is wet."), (given.Status, given.Label, given.Rationale));
    }

    [Fact]
    public void A_given_label_is_in_the_question_and_asks_for_reasons_alone()
    {
        var row = new Example { Id = "1", Input = "It rains.", Label = "BAD " };
        var messages = Mood(PromptForm.Chat, RationaleOrder.ForGold).Render(row);
        Assert.Contains("Write nothing but the reasons.", messages[0].Text, StringComparison.Ordinal);
        Assert.Equal("The sun shines.\nAnswer: good\nReasons:", messages[1].Text);
        Assert.Equal("Sun is pleasant.", messages[2].Text);
        Assert.Equal("It rains.\nAnswer: bad\nReasons:", messages[3].Text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("so-so")]
    public void Without_a_gold_label_that_the_task_allows_no_reasons_for_it_can_be_asked(string? gold)
    {
        var row = new Example { Id = "row 9", Input = "It rains.", Label = gold };
        Assert.False(Mood(PromptForm.Chat, RationaleOrder.ForGold).CanAsk(row));
        Assert.True(Mood(PromptForm.Chat, RationaleOrder.After).CanAsk(row));
        Assert.Contains(
            "row 9", Assert.Throws<ArgumentException>(() => Mood(PromptForm.Chat, RationaleOrder.ForGold).Render(row)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RationaleOrder.Before, """{"rationale":"Sun is pleasant.","label":"good"}""")]
    [InlineData(RationaleOrder.After, """{"label":"good","rationale":"Sun is pleasant."}""")]
    [InlineData(RationaleOrder.ForGold, """{"rationale":"Sun is pleasant."}""")]
    public void Json_is_shown_in_the_order_in_which_it_is_to_be_written(RationaleOrder order, string answer)
    {
        var row = new Example { Id = "1", Input = "It rains.", Label = "bad" };
        var prompt = Mood(PromptForm.Chat, order, ReplyOutput.Json);
        Assert.Equal(answer, prompt.Render(row)[2].Text);
        Assert.Equal(answer.Contains("\"label\":", StringComparison.Ordinal), prompt.SchemaFor(row).Contains("[\"good\",\"bad\"]", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_it_is_open_both_prompts_can_be_written_and_read()
    {
        var row = new Example { Id = "1", Input = "It rains." };
        var prompt = Mood(PromptForm.Chat, RationaleOrder.Before, ReplyOutput.Auto);
        Assert.StartsWith("{", prompt.Render(row, isJson: true)[2].Text, StringComparison.Ordinal);
        Assert.EndsWith("\nAnswer: good", prompt.Render(row, isJson: false)[2].Text, StringComparison.Ordinal);
        Assert.Equal("bad", prompt.Read(row, """{"rationale":"Wet.","label":"bad"}""", isJson: true).Label);
        Assert.Equal("bad", prompt.Read(row, "Wet.\nAnswer: bad").Label);
        Assert.Null(prompt.Read(row, "Wet.\nAnswer: bad", isJson: true).Label);
    }

    [Fact]
    public void A_row_is_never_shown_its_own_answer()
    {
        foreach (var choice in Enum.GetValues<DemonstrationChoice>())
        {
            var prompt = new PromptTemplate(
                MoodTask, "plain", [Shown("The sun shines.", "good"), Shown("It rains.", "bad"), Shown("Wind blows.", "bad")],
                new PromptSettings { Choice = choice, Shown = 3 });
            var messages = prompt.Render(new Example { Id = "1", Input = " It  rains. " });
            Assert.Equal(2 + (2 * 2), messages.Count);
            Assert.DoesNotContain(messages.SkipLast(1), message => message.Text == "It rains.");
        }
    }

    [Fact]
    public void The_parts_that_do_not_change_are_the_same_objects_each_time()
    {
        var prompt = Mood(PromptForm.Chat, RationaleOrder.Before);
        var (one, other) = (prompt.Render(new Example { Id = "1", Input = "a" }), prompt.Render(new Example { Id = "2", Input = "b" }));
        Assert.All(one.Zip(other).SkipLast(1), pair => Assert.Same(pair.First, pair.Second));     // a token bound knows them by it
    }

    private static readonly TaskSpec MoodTask = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private static PromptTemplate Mood(PromptForm form, RationaleOrder order, ReplyOutput output = ReplyOutput.Text) => new(
        MoodTask, "plain", [Shown("The sun shines.", "good")], new PromptSettings { Form = form, Rationale = order, Output = output });

    private static Demonstration Shown(string input, string label) => new(
        new Example { Id = $"demonstration '{input}'", Input = input, Label = label }, input == "The sun shines." ? "Sun is pleasant." : "Wet.");

    private static async Task<IReadOnlyList<ChatMessage>> Render(string task, string format, string file, Example example)
    {
        var spec = TaskCatalog.Find(task)!;
        return new PromptTemplate(spec, format, await Demonstration.ReadAsync(spec, Path.Combine(Shipped, file), Stop)).Render(example);
    }

    private static string Source([System.Runtime.CompilerServices.CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
