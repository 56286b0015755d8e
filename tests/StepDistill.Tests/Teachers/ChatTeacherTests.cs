using System.Net;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Prompts;
using StepDistill.Teachers.Redaction;
using StepDistill.Teachers.Requests;

namespace StepDistill.Tests.Teachers;

public sealed class ChatTeacherTests
{
    private static readonly TaskSpec Task = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private static readonly Example Row = new() { Id = "7", Input = "The sun shines.", Label = "good" };

    private static readonly ChatTeacherSettings Settings = new()
    {
        Endpoint = "http://server", Model = "m", Format = "plain", Temperature = 0.5, MaxTokens = 99, Sample = 2,
    };

    /// <summary>A request may take an hour, which this clock never lets pass.</summary>
    private static readonly ChatRetries Retries = new() { Timeout = TimeSpan.FromHours(1) };

    private readonly HastyTime _time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reply_becomes_an_annotation_with_usage_and_time()
    {
        using var client = new ScriptedChatClient((_, _) =>
        {
            _time.Pass(TimeSpan.FromSeconds(3));
            return new ChatResponse(new ChatMessage(ChatRole.Assistant, "The sun is pleasant.\nAnswer: good"))
            {
                Usage = new UsageDetails { InputTokenCount = 40, OutputTokenCount = 9 },
            };
        });
        using var teacher = Teacher(client);
        Assert.Equal(
            new Annotation
            {
                Key = teacher.KeyOf(Row),
                ExampleId = "7",
                Teacher = "m",
                Status = AnnotationStatus.Ok,
                Reply = "The sun is pleasant.\nAnswer: good",
                Label = "good",
                Rationale = "The sun is pleasant.",
                Sample = 2,
                InputTokens = 40,
                OutputTokens = 9,
                Latency = TimeSpan.FromSeconds(3),
                At = DateTimeOffset.UnixEpoch.AddSeconds(3),
            },
            await teacher.AnswerAsync(Row, Stop));
        var options = Assert.Single(client.Asked).Options;
        Assert.Equal(("m", 0.5f, 99), (options.ModelId, options.Temperature, options.MaxOutputTokens));
    }

    [Theory]
    [InlineData(1234, 567, null, 0.00052530)]      // 1,234 × 0.15 + 567 × 0.60 millionths
    [InlineData(1234, 567, 1024, 0.00044850)]      // 1,024 of them × 0.075
    [InlineData(null, 567, null, null)]
    [InlineData(1234, null, null, null)]
    public async Task An_answer_knows_what_it_cost(int? input, int? output, int? cached, double? price)
    {
        using var client = ScriptedChatClient.Of(new ChatResponse(new ChatMessage(ChatRole.Assistant, "Answer: perhaps"))
        {
            Usage = new UsageDetails { InputTokenCount = input, OutputTokenCount = output, CachedInputTokenCount = cached },
        });
        using var teacher = new ChatTeacher(
            Task, Settings, [], () => client, Retries, time: _time, price: new(0.15m, 0.60m) { CachedInput = 0.075m });

        var annotation = await teacher.AnswerAsync(Row, Stop);

        Assert.Equal((AnnotationStatus.Unreadable, (decimal?)price), (annotation.Status, annotation.Price));     // unreadable replies are paid for too
    }

    [Fact]
    public async Task What_a_model_costs_is_in_no_key()
    {
        using var client = ScriptedChatClient.Of("Answer: good");
        using var priced = new ChatTeacher(Task, Settings, [], () => client, Retries, time: _time, price: new(1, 1));
        using var teacher = Teacher(client);
        Assert.Equal(teacher.KeyOf(Row), priced.KeyOf(Row));
        Assert.Null((await teacher.AnswerAsync(Row, Stop)).Price);
    }

    [Fact]
    public async Task Missing_usage_is_not_counted_as_nothing() =>
        Assert.Null((await Answer("Answer: good")).InputTokens);

    [Fact]
    public async Task A_reply_cut_by_the_token_limit_is_truncated_unless_its_label_is_there()
    {
        Assert.Equal(AnnotationStatus.Truncated, (await Answer(Finished("The sun is", ChatFinishReason.Length))).Status);
        Assert.Equal(AnnotationStatus.Ok, (await Answer(Finished("Sun.\nAnswer: good\n\nAlso", ChatFinishReason.Length))).Status);
    }

    [Fact]
    public async Task A_filtered_or_declined_reply_is_refused()
    {
        var filtered = await Answer(Finished("", ChatFinishReason.ContentFilter));
        Assert.Equal((AnnotationStatus.Refused, (string?)null), (filtered.Status, filtered.Label));

        var declined = await Answer(new ChatResponse(
            new ChatMessage(ChatRole.Assistant, [new ErrorContent("I cannot help with that") { ErrorCode = "Refusal" }])));
        Assert.Equal(AnnotationStatus.Refused, declined.Status);
        Assert.Equal("The model declined: I cannot help with that.", declined.Fault);
    }

    [Theory]
    [InlineData("")]
    [InlineData("I would rather not say.")]
    [InlineData("Answer: perhaps")]
    public async Task A_reply_without_a_label_is_unreadable_and_keeps_its_text(string text)
    {
        var annotation = await Answer(text);
        Assert.Equal((AnnotationStatus.Unreadable, text, (string?)null), (annotation.Status, annotation.Reply, annotation.Label));
        Assert.NotNull(annotation.Fault);
    }

    [Fact]
    public async Task Failures_that_pass_are_tried_again_with_growing_waits()
    {
        using var client = ScriptedChatClient.Of(
            new HttpRequestException("down"), Status(503), new IOException("cut"), new JsonException("garbage"), "Answer: bad");
        using var teacher = Teacher(client);
        Assert.Equal("bad", (await teacher.AnswerAsync(Row, Stop)).Label);
        Assert.Equal(5, client.Asked.Count);
        Assert.Equal(4, _time.Waits.Count);
        Assert.All(_time.Waits.Select((wait, i) => wait / TimeSpan.FromSeconds(1 << i)), share => Assert.InRange(share, 0.5, 1));
    }

    [Fact]
    public async Task Waits_are_the_same_for_the_same_seed_and_spread_by_chance()
    {
        var first = await Waits(seed: 1);
        Assert.Equal(first, await Waits(seed: 1));
        Assert.NotEqual(first, await Waits(seed: 2));

        static async Task<List<TimeSpan>> Waits(int seed)
        {
            var time = new HastyTime();
            using var client = ScriptedChatClient.Of(Status(500), Status(500), "Answer: good");
            using var teacher = new ChatTeacher(Task, Settings, [], () => client, Retries with { Seed = seed }, time: time);
            await teacher.AnswerAsync(Row, Stop);
            return time.Waits;
        }
    }

    [Fact]
    public async Task A_server_that_says_when_to_come_back_is_heeded_and_costs_no_attempt()
    {
        using var client = ScriptedChatClient.Of(
            [.. Enumerable.Range(0, 9).Select(_ => (object)new FormatException("20")), new FormatException("90"), "Answer: good"]);
        using var teacher = new ChatTeacher(
            Task, Settings, [], () => client, Retries,
            e => new RequestFailure(429, TimeSpan.FromSeconds(int.Parse(e.Message, System.Globalization.CultureInfo.InvariantCulture))),
            _time);
        Assert.Equal(AnnotationStatus.Ok, (await teacher.AnswerAsync(Row, Stop)).Status);
        Assert.Equal([.. Enumerable.Repeat(20, 9), 90], _time.Waits.Select(wait => (int)wait.TotalSeconds));
    }

    [Fact]
    public async Task After_the_last_attempt_the_answer_is_failed()
    {
        using var client = ScriptedChatClient.Of(Status(500));
        using var teacher = Teacher(client);
        var annotation = await teacher.AnswerAsync(Row, Stop);
        Assert.Equal((AnnotationStatus.Failed, "", "The server answered 500: sorry."), (annotation.Status, annotation.Reply, annotation.Fault));
        Assert.Equal(Retries.Attempts, client.Asked.Count);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    [InlineData(422)]
    public async Task A_question_that_the_server_refuses_is_not_asked_again(int status)
    {
        using var client = ScriptedChatClient.Of(Status(status));
        using var teacher = Teacher(client);
        Assert.Equal(AnnotationStatus.Failed, (await teacher.AnswerAsync(Row, Stop)).Status);
        Assert.Single(client.Asked);
    }

    [Theory]
    [InlineData(401, "credential")]
    [InlineData(403, "credential")]
    [InlineData(404, "does not know the model")]
    public async Task What_no_question_can_get_past_ends_the_run(int status, string reason)
    {
        using var client = ScriptedChatClient.Of(Status(status));
        using var teacher = Teacher(client);
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => teacher.AnswerAsync(Row, Stop));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Contains("http://server", fault.Message, StringComparison.Ordinal);
        Assert.Single(client.Asked);
    }

    [Theory]
    [InlineData(402, "Payment Required")]
    [InlineData(429, "You exceeded your current quota, please check your plan and billing details.")]
    [InlineData(400, "Your credit balance is too low to access the API.")]
    public async Task An_account_without_credit_pauses_the_run_until_there_is_some(int status, string says)
    {
        var none = new HttpRequestException(says, null, (HttpStatusCode)status);
        using var client = ScriptedChatClient.Of([.. Enumerable.Repeat((object)none, 50), "Answer: good"]);
        using var teacher = Teacher(client);
        Assert.Equal(AnnotationStatus.Ok, (await teacher.AnswerAsync(Row, Stop)).Status);
        Assert.Equal(51, client.Asked.Count);
        Assert.All(_time.Waits, wait => Assert.Equal(60, wait.TotalSeconds, 0.1));
        Assert.Null(teacher.Gate.Paused);
    }

    [Theory]
    [InlineData(402)]
    [InlineData(429)]
    public async Task A_server_that_says_no_to_everything_for_a_day_ends_the_run(int status)
    {
        using var client = ScriptedChatClient.Of(Status(status));
        using var teacher = Teacher(client);
        Assert.Contains(
            "no question for 24 hours", (await Assert.ThrowsAsync<StepDistillException>(() => teacher.AnswerAsync(Row, Stop))).Message,
            StringComparison.Ordinal);
        Assert.InRange(_time.GetUtcNow() - DateTimeOffset.UnixEpoch, TimeSpan.FromHours(24), TimeSpan.FromHours(25));
    }

    [Fact]
    public async Task A_refused_key_does_not_show_in_the_message()
    {
        using var client = ScriptedChatClient.Of(new HttpRequestException("Incorrect API key: sk-secret", null, HttpStatusCode.Unauthorized));
        using var teacher = Teacher(client);
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => teacher.AnswerAsync(Row, Stop));
        Assert.DoesNotContain("sk-secret", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_ends_the_run_after_three_questions()
    {
        using var client = ScriptedChatClient.Of(new HttpRequestException("Connection refused"));
        using var teacher = Teacher(client);
        Assert.Equal(AnnotationStatus.Failed, (await teacher.AnswerAsync(Row, Stop)).Status);
        Assert.Equal(AnnotationStatus.Failed, (await teacher.AnswerAsync(Row, Stop)).Status);
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => teacher.AnswerAsync(Row, Stop));
        Assert.Contains("first 3 questions", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Connection refused", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_goes_away_ends_the_run_after_many_failures_in_a_row()
    {
        var down = false;
        using var client = new ScriptedChatClient((_, _) => down
            ? throw new HttpRequestException("gone")
            : new ChatResponse(new ChatMessage(ChatRole.Assistant, "Answer: good")));
        using var teacher = new ChatTeacher(Task, Settings, [], () => client, Retries with { FailuresInARow = 5 }, time: _time);
        await teacher.AnswerAsync(Row, Stop);
        down = true;
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(AnnotationStatus.Failed, (await teacher.AnswerAsync(Row, Stop)).Status);
        }

        Assert.Contains("last 5 questions", (await Assert.ThrowsAsync<StepDistillException>(() => teacher.AnswerAsync(Row, Stop))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_tried_again()
    {
        using var client = ScriptedChatClient.Of(new TaskCanceledException("the client's own limit"), "Answer: good");
        using var teacher = Teacher(client);
        Assert.Equal("good", (await teacher.AnswerAsync(Row, Stop)).Label);
    }

    [Fact]
    public async Task Giving_up_is_no_failure()
    {
        using var client = ScriptedChatClient.Of("Answer: good");
        using var teacher = Teacher(client);
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => teacher.AnswerAsync(Row, stopped.Token));
    }

    [Fact]
    public void Keys_are_known_without_a_server()
    {
        using var teacher = new ChatTeacher(Task, Settings, [], () => throw new InvalidOperationException("no server"));
        Assert.Matches("^[0-9a-f]{64}$", teacher.KeyOf(Row));
        Assert.NotEqual(teacher.KeyOf(Row), teacher.KeyOf(Row with { Input = "It rains." }));
        Assert.Equal(teacher.KeyOf(Row), teacher.KeyOf(Row with { Id = "another row with the same question" }));
    }

    [Fact]
    public void Rows_without_an_input_cannot_be_asked_about()
    {
        using var client = ScriptedChatClient.Of("Answer: good");
        using var chat = Teacher(client);
        ITeacher teacher = chat;
        Assert.True(teacher.CanAnswer(Row));
        Assert.False(teacher.CanAnswer(Row with { Input = null }));
    }

    [Fact]
    public async Task Several_samples_are_several_questions_with_keys_of_their_own()
    {
        var clients = new List<ScriptedChatClient>();
        var section = new TeacherSection { Name = "chat", Model = "big", Temperature = 0.7, Samples = 3 };
        using (var teacher = await ChatTeacher.OpenAsync(Task, section, Connect, cancellation: Stop))
        {
            var answers = new List<Annotation>();
            foreach (var one in teacher.Answers)
            {
                answers.Add(await one.AnswerAsync(Row, Stop));
            }

            Assert.Same(teacher, teacher.Answers[0]);
            Assert.Equal([0, 1, 2], answers.Select(answer => answer.Sample));
            Assert.Equal(3, answers.Select(answer => answer.Key).Distinct().Count());

            using var alone = await ChatTeacher.OpenAsync(Task, section with { Samples = 1 }, Connect, cancellation: Stop);
            Assert.Equal(AnnotationStatus.Ok, (await alone.AnswerAsync(Row, Stop)).Status);
            Assert.Equal(answers[0].Key, alone.KeyOf(Row));      // more samples later ask only for the others
        }

        Assert.Equal(2, clients.Count);         // the three answers share one; the other is the last teacher's
        Assert.True(clients[0].IsDisposed);

        ScriptedChatClient Connect()
        {
            clients.Add(ScriptedChatClient.Of("Answer: good"));
            return clients[^1];
        }
    }

    [Fact]
    public async Task A_recipe_opens_the_teacher_it_describes()
    {
        using var client = ScriptedChatClient.Of("Answer: good");
        var section = new TeacherSection { Name = "chat", Model = "big", Endpoint = "http://there", MaxTokens = 5 };
        using (var teacher = await ChatTeacher.OpenAsync(Task, section, () => client, cancellation: Stop))
        {
            Assert.Equal("big", (await teacher.AnswerAsync(Row, Stop)).Teacher);
            Assert.Equal(("big", 5), (client.Asked[0].Options.ModelId, client.Asked[0].Options.MaxOutputTokens));
            Assert.False(client.IsDisposed);
        }

        Assert.True(client.IsDisposed);
    }

    [Fact]
    public async Task A_given_label_becomes_the_annotations_own_and_the_annotation_says_so()
    {
        using var client = ScriptedChatClient.Of("The sun is pleasant.");
        using var teacher = new ChatTeacher(
            Task, Settings with { Prompt = new() { Rationale = RationaleOrder.ForGold } }, [], () => client, Retries, time: _time);
        Assert.False(teacher.CanAnswer(Row with { Label = null }));
        Assert.False(teacher.CanAnswer(Row with { Input = null }));
        Assert.NotEqual(teacher.KeyOf(Row), teacher.KeyOf(Row with { Label = "bad" }));

        var annotation = await teacher.AnswerAsync(Row, Stop);

        Assert.Equal((AnnotationStatus.Ok, "good", "The sun is pleasant."), (annotation.Status, annotation.Label, annotation.Rationale));
        Assert.Equal("m (given the gold label)", annotation.Teacher);
        Assert.Equal("The sun shines.\nAnswer: good\nReasons:", client.Asked[0].Messages[^1].Text);
    }

    [Fact]
    public async Task A_recipe_opens_the_prompt_it_describes()
    {
        using var client = ScriptedChatClient.Of("""{"label":"good","rationale":"It is pleasant."}""");
        using var json = await ChatTeacher.OpenAsync(
            Task, new() { Name = "chat", Model = "m", Output = "json", Rationale = "after" }, () => client, cancellation: Stop);
        Assert.Equal("It is pleasant.", (await json.AnswerAsync(Row, Stop)).Rationale);
        Assert.Single(client.Asked);        // what the recipe says is not probed

        using var continuing = ScriptedChatClient.Of(" It is pleasant.\nAnswer: good\n\nQuestion: And");
        using var running = await ChatTeacher.OpenAsync(
            Task, new() { Name = "chat", Model = "m", Form = "completion" }, () => continuing, cancellation: Stop);
        Assert.Equal(("good", "It is pleasant."), (await running.AnswerAsync(Row, Stop)) switch { var a => (a.Label, a.Rationale) });
        Assert.Equal(["\nQuestion:"], continuing.Asked[0].Options.StopSequences);
        Assert.Null(continuing.Asked[0].Options.ResponseFormat);
    }

    [Fact]
    public async Task Json_cut_by_the_token_limit_is_truncated()
    {
        using var client = ScriptedChatClient.Of(Finished("""{"rationale":"The sun is""", ChatFinishReason.Length));
        using var teacher = new ChatTeacher(
            Task, Settings with { Prompt = new() { Output = ReplyOutput.Json } }, [], () => client, Retries, time: _time);
        Assert.Equal(AnnotationStatus.Truncated, (await teacher.AnswerAsync(Row, Stop)).Status);
    }

    [Fact]
    public async Task What_is_redacted_is_neither_sent_nor_hashed()
    {
        using var client = ScriptedChatClient.Of("Answer: good");
        Demonstration shown = new(new Example { Id = "d", Input = "From d@d.de: fine", Label = "good" }, "d@d.de says so.");
        var settings = Settings with { Sample = 0 };
        using var teacher = new ChatTeacher(Task, settings, [shown], () => client, Retries, time: _time, redact: Redactor.BuiltIn.Redact);
        var (one, other) = (Row with { Input = "Ask a@b.com" }, Row with { Input = "Ask c@d.org" });

        var answer = await teacher.AnswerAsync(one, Stop);

        Assert.Equal(teacher.KeyOf(one), answer.Key);
        Assert.Equal(teacher.KeyOf(one), teacher.KeyOf(other));     // the same text is sent, so one answer serves both
        var sent = client.Asked[0].Messages;
        Assert.Equal(
            ["From [EMAIL]: fine", "[EMAIL] says so.\nAnswer: good", "Ask [EMAIL]"],
            sent.Where(message => message.Role != ChatRole.System).Select(message => message.Text));
        Assert.Equal(AnnotationKey.OfChat(Task, settings, one, sent), answer.Key);
    }

    [Fact]
    public async Task A_recipes_redaction_comes_before_the_callers()
    {
        using var client = ScriptedChatClient.Of("Answer: good");
        var section = new TeacherSection { Name = "chat", Model = "m", Samples = 2, Redact = [new() { Kind = "email" }] };
        using var teacher = await ChatTeacher.OpenAsync(
            Task, section, () => client, redact: text => text.Replace("[EMAIL]", "someone", StringComparison.Ordinal), cancellation: Stop);

        await teacher.Answers[1].AnswerAsync(Row with { Input = "Ask a@b.com" }, Stop);

        Assert.Equal("Ask someone", client.Asked[0].Messages[^1].Text);
    }

    [Fact]
    public void Nothing_that_a_pattern_matches_is_in_any_message() =>
        Gen.Select(Gen.String[Gen.Char["ab@. 019-+"], 0, 30], Gen.String[Gen.Char["ab@. 019-+"], 1, 30]).Sample((premise, input) =>
        {
            using var client = ScriptedChatClient.Of("Answer: good");
            Demonstration shown = new(new Example { Id = "d", Input = premise, Label = "good" }, $"Because a@b.ab {input} so.");
            using var teacher = new ChatTeacher(Task, Settings, [shown], () => client, Retries, time: _time, redact: Redactor.BuiltIn.Redact);

            teacher.AnswerAsync(Row with { Input = input + " 10.0.0.1" }, Stop).GetAwaiter().GetResult();

            return client.Asked[0].Messages.Where(message => message.Role != ChatRole.System)
                .All(message => BuiltInRedaction.All.All(one => !one.Rule.Matches(message.Text)));
        }, iter: 200);

    private ChatTeacher Teacher(ScriptedChatClient client) => new(Task, Settings, [], () => client, Retries, time: _time);

    private async Task<Annotation> Answer(object reply)
    {
        using var client = ScriptedChatClient.Of(reply);
        using var teacher = Teacher(client);
        return await teacher.AnswerAsync(Row, Stop);
    }

    private static ChatResponse Finished(string text, ChatFinishReason reason) =>
        new(new ChatMessage(ChatRole.Assistant, text)) { FinishReason = reason };

    private static HttpRequestException Status(int status) => new("sorry", null, (HttpStatusCode)status);
}
