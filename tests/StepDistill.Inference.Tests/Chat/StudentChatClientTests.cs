using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using StepDistill.Inference.Chat;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Inference.Tests.Chat;

public sealed class StudentChatClientTests
{
    private static readonly StudentChatOptions Explaining = new() { Rationales = true };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_last_message_of_the_user_is_the_input_and_the_label_is_the_reply()
    {
        using var student = new FakeStudent();
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddDays(1));
        using var client = student.AsIChatClient(new StudentChatOptions { Time = time });
        List<ChatMessage> messages =
        [
            new(ChatRole.System, "Judge the weather."), new(ChatRole.User, "Rain."), new(ChatRole.Assistant, "bad"),
            new(ChatRole.User, "The sun shines."), new(ChatRole.Assistant, "It is"),
        ];

        var response = await client.GetResponseAsync(messages, new ChatOptions { Temperature = 1, MaxOutputTokens = 1, Tools = [] }, Stop);

        Assert.Equal((new StudentQuestion("The sun shines."), false), Assert.Single(student.Asked));
        Assert.Equal("good", response.Text);
        Assert.Equal(ChatRole.Assistant, Assert.Single(response.Messages).Role);
        Assert.Equal(("mood@0123456789ab", ChatFinishReason.Stop, time.GetUtcNow()), (response.ModelId, response.FinishReason, response.CreatedAt));
        Assert.Equal((5, 1, 6), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount));
        var properties = response.AdditionalProperties!;
        Assert.Equal((0.75, 0.5, false), (properties["confidence"], properties["familiarity"], properties["cut"]));
        Assert.Equal("""{"good":0.75,"bad":0.25}""", Assert.IsType<JsonObject>(properties["probabilities"]).ToJsonString());
        Assert.Equal("good", Assert.IsType<StudentAnswer>(response.RawRepresentation).Label);
    }

    [Fact]
    public async Task A_familiarity_that_the_student_does_not_know_is_not_there()
    {
        using var client = new StudentChatClient(new FakeStudent { Familiarity = null });

        Assert.DoesNotContain("familiarity", (await client.GetResponseAsync("Rain.", cancellationToken: Stop)).AdditionalProperties!.Keys);
    }

    [Fact]
    public async Task Reasons_come_before_the_label_in_a_layout_that_our_reader_of_replies_knows()
    {
        using var client = new StudentChatClient(new FakeStudent(), Explaining);

        var response = await client.GetResponseAsync("Rain.", cancellationToken: Stop);

        Assert.Equal("Rain is wet.\nAnswer: bad", response.Text);
        Assert.Equal(4, response.Usage!.OutputTokenCount);
        var task = new TaskSpec { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };
        var reply = ReplyReader.Read(task, "plain", new Example { Id = "1", Input = "Rain." }, response.Text);
        Assert.Equal(("bad", "Rain is wet."), (reply.Label, reply.Rationale));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_adds_up_to_the_response(bool rationales)
    {
        using var client = new StudentChatClient(new FakeStudent(), new StudentChatOptions { Rationales = rationales, Time = new FakeTimeProvider() });

        var whole = await client.GetResponseAsync("Rain.", cancellationToken: Stop);
        var updates = await client.GetStreamingResponseAsync("Rain.", cancellationToken: Stop).ToListAsync(Stop);
        var streamed = updates.ToChatResponse();

        Assert.Equal(rationales ? ["Rain", " is wet.", "\nAnswer: bad"] : ["bad"], updates.Select(update => update.Text));
        Assert.Equal(whole.Text, streamed.Text);
        Assert.Equal((whole.ModelId, whole.FinishReason, whole.CreatedAt), (streamed.ModelId, streamed.FinishReason, streamed.CreatedAt));
        Assert.Equal(whole.Usage!.TotalTokenCount, streamed.Usage!.TotalTokenCount);
        Assert.Equal(whole.AdditionalProperties!.Keys.Order(), streamed.AdditionalProperties!.Keys.Order());
        var last = Assert.IsType<StudentAnswer>(updates[^1].RawRepresentation);
        Assert.Equal(((StudentAnswer)whole.RawRepresentation!).Rationale, last.Rationale);
    }

    [Fact]
    public async Task White_space_around_the_reasons_is_no_part_of_them_piece_by_piece_either()
    {
        using var client = new StudentChatClient(new FakeStudent { Reasons = [" ", "\n Rain", " ", " is", " \n", "wet. ", "", " \n"] }, Explaining);

        var updates = await client.GetStreamingResponseAsync("Rain.", cancellationToken: Stop).ToListAsync(Stop);

        Assert.Equal(["Rain", "  is", " \nwet.", "\nAnswer: bad"], updates.Select(update => update.Text));
        Assert.Equal(string.Concat(updates.Select(update => update.Text)), (await client.GetResponseAsync("Rain.", cancellationToken: Stop)).Text);
    }

    [Fact]
    public async Task Reasons_that_nobody_asked_for_are_not_in_the_text()
    {
        using var client = new StudentChatClient(new FakeStudent { ReasonsUnasked = true });

        var response = await client.GetResponseAsync("Rain.", cancellationToken: Stop);

        Assert.Equal("bad", response.Text);
        Assert.Equal(1, response.Usage!.OutputTokenCount);
        Assert.Equal("Rain is wet.", ((StudentAnswer)response.RawRepresentation!).Rationale);
    }

    [Fact]
    public async Task A_stream_gives_reasons_before_the_label_is_known()
    {
        using var student = new FakeStudent();
        using var client = new StudentChatClient(student, Explaining);

        await foreach (var update in client.GetStreamingResponseAsync("Rain.", cancellationToken: Stop))
        {
            Assert.Equal("Rain", update.Text);
            Assert.Empty(student.Asked);
            break;
        }
    }

    [Fact]
    public async Task A_student_that_has_no_reasons_to_give_this_time_replies_with_the_label()
    {
        using var client = new StudentChatClient(new FakeStudent { Reasons = [] }, Explaining);

        Assert.Equal("bad", (await client.GetResponseAsync("Rain.", cancellationToken: Stop)).Text);
        Assert.Equal("bad", (await client.GetStreamingResponseAsync("Rain.", cancellationToken: Stop).ToChatResponseAsync(Stop)).Text);
    }

    [Theory]
    [InlineData(false, """{"label":"schön \u0022gut\u0022","confidence":0.75,"rationale":null}""")]
    [InlineData(true, """{"label":"schön \u0022gut\u0022","confidence":0.75,"rationale":"Rain is wet."}""")]
    public async Task As_json_the_reply_is_one_object_also_in_a_stream(bool rationales, string expected)
    {
        using var client = new StudentChatClient(new FakeStudent { Label = _ => "schön \"gut\"" }, new StudentChatOptions { Rationales = rationales });
        var json = new ChatOptions { ResponseFormat = ChatResponseFormat.Json };

        var response = await client.GetResponseAsync("Rain.", json, Stop);
        var updates = await client.GetStreamingResponseAsync("Rain.", json, Stop).ToListAsync(Stop);

        Assert.Equal(expected, response.Text);
        Assert.Equal(expected, Assert.Single(updates).Text);
        Assert.Equal("schön \"gut\"", JsonDocument.Parse(response.Text).RootElement.GetProperty("label").GetString());
    }

    [Fact]
    public async Task A_schema_for_json_is_answered_with_the_same_object()
    {
        using var client = new StudentChatClient(new FakeStudent());
        var schema = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse("""{"type":"object"}""").RootElement);

        var text = (await client.GetResponseAsync("Rain.", new ChatOptions { ResponseFormat = schema }, Stop)).Text;

        Assert.Equal("""{"label":"bad","confidence":0.75,"rationale":null}""", text);
    }

    [Fact]
    public async Task An_application_may_say_itself_what_the_question_is()
    {
        using var student = new FakeStudent
        {
            Description = new("cqa", "1", "cqa", AnswerKind.Choice, [], 16, false, "float32"),
            Label = question => question.Choices![1],
            Probabilities = [new("sea", 0.5), new("sea", 0.3), new("hill", 0.2)],     // an input may offer the same choice twice
        };
        using var client = student.AsIChatClient(new StudentChatOptions
        {
            Question = messages => new StudentQuestion(string.Join('\n', messages.Select(message => message.Text))) { Choices = ["sea", "sea", "hill"] },
        });

        var response = await client.GetResponseAsync([new(ChatRole.System, "Choose."), new(ChatRole.User, "Where do fish live?")], cancellationToken: Stop);

        Assert.Equal("sea", response.Text);
        Assert.Equal("""{"sea":0.5,"hill":0.2}""", Assert.IsType<JsonObject>(response.AdditionalProperties!["probabilities"]).ToJsonString());
        Assert.Equal("Choose.\nWhere do fish live?", Assert.Single(student.Asked).Question.Input);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData(null)]
    public async Task A_call_without_a_question_is_refused_with_what_was_expected(string? text)
    {
        using var client = new StudentChatClient(new FakeStudent());
        List<ChatMessage> messages = [new(ChatRole.System, "Judge."), .. text is null ? Array.Empty<ChatMessage>() : [new(ChatRole.User, text)]];

        var error = await Assert.ThrowsAsync<ArgumentException>(() => client.GetResponseAsync(messages, cancellationToken: Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetStreamingResponseAsync(messages, cancellationToken: Stop).ToListAsync(Stop).AsTask());

        Assert.StartsWith($"{messages.Count} messages hold no question for the student; the last message of the user must have text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reasons_of_a_student_that_gives_none_are_refused_at_once()
    {
        using var student = new FakeStudent { Description = new("short", "1", "mood", AnswerKind.Label, ["good"], 16, GivesRationales: false, "float32") };

        Assert.StartsWith(
            "Replies are to begin with reasons, and the student 'short' was not trained to give any",
            Assert.Throws<StepDistillException>(() => student.AsIChatClient(Explaining)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_behind_the_client_are_found()
    {
        using var student = new FakeStudent();
        using IChatClient client = student.AsIChatClient();

        Assert.Same(student, client.GetService<IStudentClassifier>());
        Assert.Same(student.Description, client.GetService<StudentDescription>());
        Assert.Same(client, client.GetService<StudentChatClient>());
        Assert.Same(client, client.GetService<IChatClient>());
        var metadata = client.GetService<ChatClientMetadata>()!;
        Assert.Equal(("stepdistill", "mood"), (metadata.ProviderName, metadata.DefaultModelId));
        Assert.Null(client.GetService<IStudentClassifier>("key"));
        Assert.Null(client.GetService<HttpClient>());
    }

    [Fact]
    public async Task A_call_that_is_given_up_stops_the_student()
    {
        using var stop = new CancellationTokenSource();
        using var client = new StudentChatClient(new FakeStudent { Before = stop.Cancel, Reasons = ["a", "b", "c"] }, Explaining);
        var pieces = new List<string>();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in client.GetStreamingResponseAsync("Rain.", cancellationToken: stop.Token))
            {
                pieces.Add(update.Text);
            }
        });

        Assert.Equal(["a"], pieces);
    }

    [Fact]
    public void Disposing_the_client_leaves_the_student_to_its_owner()
    {
        using var student = new FakeStudent();
        student.AsIChatClient().Dispose();

        Assert.Equal(0, student.Disposals);
    }
}
