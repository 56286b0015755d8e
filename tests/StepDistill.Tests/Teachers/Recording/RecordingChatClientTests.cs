using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Recording;
using StepDistill.Teachers.Replies;
using StepDistill.Tests.Runs;

namespace StepDistill.Tests.Teachers.Recording;

public sealed class RecordingChatClientTests : IDisposable
{
    private static readonly TaskSpec Mood = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private RecordingOptions Options => new()
    {
        Rows = Path.Combine(_folder.Path, "data", "traffic.jsonl"),
        Store = Path.Combine(_folder.Path, "runs", "annotations.sqlite"),
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_live_call_becomes_a_row_that_a_recorded_teacher_has_already_annotated()
    {
        var time = new HastyTime();
        var answer = new ChatResponse(new ChatMessage(ChatRole.Assistant, "The sun is pleasant.\nAnswer: good"))
        {
            ModelId = "big",
            Usage = new UsageDetails { InputTokenCount = 40, OutputTokenCount = 9 },
        };
        using var inner = new ScriptedChatClient((_, _) =>
        {
            time.Pass(TimeSpan.FromSeconds(2));
            return answer;
        });
        List<ChatMessage> messages = [new(ChatRole.System, "Judge."), new(ChatRole.User, "The sun shines.")];
        await using (var client = inner.UseStepDistillRecording(Mood, Options with { Time = time, Drain = Timeout.InfiniteTimeSpan }))
        {
            Assert.Same(answer, await client.GetResponseAsync(messages, cancellationToken: Stop));
        }

        Assert.Equal(messages, inner.Asked[0].Messages);
        var row = Assert.Single(await ReadAsync());
        Assert.Equal("The sun shines.", row.Example.Input);
        Assert.Equal(("big", "good", "The sun is pleasant."), (row.Annotation!.Teacher, row.Annotation.Label, row.Annotation.Rationale));
        Assert.Equal(
            (40L, 9L, TimeSpan.FromSeconds(2), DateTimeOffset.UnixEpoch.AddSeconds(2)),
            (row.Annotation.InputTokens!.Value, row.Annotation.OutputTokens!.Value, row.Annotation.Latency, row.Annotation.At));
    }

    [Fact]
    public async Task A_streamed_reply_is_passed_on_update_by_update_and_recorded_whole()
    {
        using var inner = new StreamingClient("It rains.", "\nAns", "wer: bad");
        await using (var client = inner.UseStepDistillRecording(Mood, Options))
        {
            var passed = await client.GetStreamingResponseAsync("The rain falls.", cancellationToken: Stop).ToListAsync(Stop);
            Assert.Equal(inner.Given, passed);

            await foreach (var _ in client.GetStreamingResponseAsync("Hail.", cancellationToken: Stop))
            {
                break;      // who does not read to the end has no whole answer
            }
        }

        var row = Assert.Single(await ReadAsync());
        Assert.Equal(("The rain falls.", "bad", "It rains."), (row.Example.Input, row.Annotation!.Label, row.Annotation.Rationale));
    }

    [Fact]
    public async Task Personal_data_is_neither_in_the_rows_nor_in_the_store()
    {
        using var inner = ScriptedChatClient.Of("jane@doe.example is glad.\nAnswer: good");
        await using (var client = inner.UseStepDistillRecording(Mood, Options))
        {
            await client.GetResponseAsync("jane@doe.example shines.", cancellationToken: Stop);
        }

        var row = Assert.Single(await ReadAsync());
        Assert.Equal(("[EMAIL] shines.", "[EMAIL] is glad."), (row.Example.Input, row.Annotation!.Rationale));
        Assert.Equal("jane@doe.example shines.", inner.Asked[0].Messages[0].Text);      // the application's own call is untouched
        foreach (var file in Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain("jane", await File.ReadAllTextAsync(file, System.Text.Encoding.Latin1, Stop), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_share_of_the_inputs_is_recorded_always_the_same_ones()
    {
        var one = await RecordAsync(Options with { Share = 0.3, Rows = Path.Combine(_folder.Path, "one.jsonl") });
        var other = await RecordAsync(Options with { Share = 0.3, Rows = Path.Combine(_folder.Path, "other.jsonl") });

        Assert.InRange(one.Counts.Recorded, 40, 80);
        Assert.Equal(200, one.Counts.Recorded + one.Counts.NotSampled);
        Assert.Equal(one.Inputs, other.Inputs);

        async Task<(RecordingCounts Counts, List<string?> Inputs)> RecordAsync(RecordingOptions options)
        {
            using var inner = ScriptedChatClient.Of("Answer: good");
            var client = inner.UseStepDistillRecording(Mood, options);
            foreach (var number in Enumerable.Range(0, 200))
            {
                await client.GetResponseAsync($"Day number {number}.", cancellationToken: Stop);
            }

            await client.DisposeAsync();
            var rows = await ExampleReader.ReadAsync(Mood, options.Rows, Stop).ToListAsync(Stop);
            return (client.Counts, rows.ConvertAll(row => row.Input));
        }
    }

    [Fact]
    public async Task An_input_is_one_row_also_after_a_new_start()
    {
        for (var start = 0; start < 2; start++)
        {
            using var inner = ScriptedChatClient.Of("Answer: good", "Answer: bad");
            var client = inner.UseStepDistillRecording(Mood, Options);
            await client.GetResponseAsync("The sun shines.", cancellationToken: Stop);
            await client.GetResponseAsync("The sun shines.", cancellationToken: Stop);
            await client.DisposeAsync();
            Assert.Equal((1 - start, 1 + start), (client.Counts.Recorded, client.Counts.Repeated));
        }

        Assert.Equal("good", Assert.Single(await ReadAsync()).Annotation!.Label);
    }

    [Fact]
    public async Task A_caller_never_waits_for_the_recording()
    {
        using var block = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        using var inner = ScriptedChatClient.Of("Answer: good");
        var client = inner.UseStepDistillRecording(Mood, Options with
        {
            Capacity = 3,
            Redact = text =>
            {
                begun.Set();
                block.Wait(Stop);
                return text;
            },
        });
        await client.GetResponseAsync("0", cancellationToken: Stop);
        begun.Wait(Stop);
        for (var number = 1; number <= 10; number++)
        {
            await client.GetResponseAsync($"{number}", cancellationToken: Stop);        // would never return if it waited
        }

        Assert.Equal((11L, 7L), (client.Counts.Answered, client.Counts.Dropped));
        block.Set();
        await client.DisposeAsync();
        Assert.Equal((4L, 7L), (client.Counts.Recorded, client.Counts.Dropped));
        Assert.Equal(4, (await ReadAsync()).Count);
    }

    [Theory]
    [InlineData("input")]
    [InlineData("redact")]
    [InlineData("parse")]
    public async Task What_goes_wrong_while_recording_is_counted_and_not_thrown(string where)
    {
        using var inner = ScriptedChatClient.Of("Answer: good");
        var client = inner.UseStepDistillRecording(Mood, Options with
        {
            Input = messages => where == "input" && messages[0].Text == "1" ? throw new InvalidOperationException("no input") : messages[0].Text,
            Redact = text => where == "redact" && text == "1" ? throw new InvalidOperationException("no redact") : text,
            Parse = (example, _) => where == "parse" && example.Input == "1" ? throw new InvalidOperationException("no parse")
                : new Reply(AnnotationStatus.Ok, "good", null, null),
        });
        await client.GetResponseAsync("1", cancellationToken: Stop);
        await client.GetResponseAsync("2", cancellationToken: Stop);
        await client.DisposeAsync();

        Assert.Equal((2L, 1L, 1L, $"no {where}"), (client.Counts.Answered, client.Counts.Failed, client.Counts.Recorded, client.Counts.Fault));
        Assert.Equal("2", Assert.Single(await ReadAsync()).Example.Input);
    }

    [Fact]
    public async Task What_the_models_client_throws_reaches_the_caller_and_nothing_is_recorded()
    {
        using var inner = ScriptedChatClient.Of(new HttpRequestException("gone"));
        var client = inner.UseStepDistillRecording(Mood, Options);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetResponseAsync("1", cancellationToken: Stop));
        await client.DisposeAsync();

        Assert.Equal(new RecordingCounts(), client.Counts);
        Assert.True(inner.IsDisposed);
    }

    [Fact]
    public async Task Only_whole_answers_to_a_user_become_rows()
    {
        using var inner = ScriptedChatClient.Of(
            new ChatResponse(new ChatMessage(ChatRole.Assistant, "Answer: good")) { FinishReason = ChatFinishReason.Length },
            new ChatResponse(new ChatMessage(ChatRole.Assistant, "Answer: good")) { FinishReason = ChatFinishReason.ContentFilter },
            new ChatResponse(new ChatMessage(ChatRole.Assistant, [new TextContent("Let me look."), new FunctionCallContent("1", "look")])),
            "",
            "Answer: good");
        var client = inner.UseStepDistillRecording(Mood, Options);
        for (var number = 0; number < 4; number++)
        {
            await client.GetResponseAsync($"Day {number}", cancellationToken: Stop);
        }

        await client.GetResponseAsync(new ChatMessage(ChatRole.System, "no question"), cancellationToken: Stop);
        await client.DisposeAsync();

        Assert.Equal((5L, 5L, 0L), (client.Counts.Answered, client.Counts.Unusable, client.Counts.Recorded));
    }

    [Fact]
    public async Task A_reply_that_no_format_fits_is_read_by_the_applications_own_parser()
    {
        using var inner = ScriptedChatClient.Of("<v>GOOD</v><why>sun</why>", "<v>?</v>");
        var client = inner.UseStepDistillRecording(Mood, Options with
        {
            Parse = (_, reply) => reply.Contains("GOOD", StringComparison.Ordinal)
                ? new Reply(AnnotationStatus.Ok, "GOOD", "sun", null)
                : new Reply(AnnotationStatus.Unreadable, null, null, "no mood"),
        });
        await client.GetResponseAsync("The sun shines.", cancellationToken: Stop);
        await client.GetResponseAsync("What is it?", cancellationToken: Stop);
        await client.DisposeAsync();

        var row = Assert.Single(await ReadAsync());
        Assert.Equal(("good", "sun", "<v>GOOD</v><why>sun</why>"), (row.Annotation!.Label, row.Annotation.Rationale, row.Annotation.Reply));
        Assert.Equal(1, client.Counts.Unusable);
    }

    [Fact]
    public async Task An_unreadable_reply_is_a_row_whose_annotation_says_so()
    {
        using var inner = ScriptedChatClient.Of("Who knows?");
        await using (var client = inner.UseStepDistillRecording(Mood, Options))
        {
            await client.GetResponseAsync("The sun shines.", cancellationToken: Stop);
        }

        Assert.Equal(AnnotationStatus.Unreadable, Assert.Single(await ReadAsync()).Annotation!.Status);
    }

    [Fact]
    public async Task A_choice_without_choices_would_spoil_the_file_and_is_left_out()
    {
        var task = new TaskSpec { Name = "quiz", Answer = AnswerKind.Choice };
        using var inner = ScriptedChatClient.Of("Answer: (b)");
        var client = inner.UseStepDistillRecording(task, Options);
        await client.GetResponseAsync("Which one?", cancellationToken: Stop);
        await client.GetResponseAsync("Which one?\n(a) sea\n(b) river", cancellationToken: Stop);
        await client.DisposeAsync();

        Assert.Equal((1L, 1L), (client.Counts.Unusable, client.Counts.Recorded));
        Assert.Equal("river", Assert.Single(await ReadAsync(task)).Annotation!.Label);
    }

    [Fact]
    public async Task Messages_may_be_changed_after_the_call()
    {
        using var inner = new ScriptedChatClient((_, messages) =>
        {
            ((TextContent)messages[0].Contents[0]).Text = "changed";
            return new ChatResponse(new ChatMessage(ChatRole.Assistant, "Answer: good"));
        });
        using (var client = inner.UseStepDistillRecording(Mood, Options))
        {
            await client.GetResponseAsync([new(ChatRole.User, "as it was")], cancellationToken: Stop);
        }

        Assert.Contains("as it was", await File.ReadAllTextAsync(Options.Rows, Stop), StringComparison.Ordinal);     // and disposing without await drains too
    }

    [Fact]
    public void What_cannot_be_opened_is_told_at_the_start()
    {
        using var inner = ScriptedChatClient.Of("Answer: good");
        using var first = inner.UseStepDistillRecording(Mood, Options);

        var e = Assert.Throws<StepDistillException>(() => inner.UseStepDistillRecording(Mood, Options));

        Assert.Contains("a file of its own for each process", e.Message, StringComparison.Ordinal);
        Assert.Throws<StepDistillException>(() => inner.UseStepDistillRecording(Mood, Options with { Format = "none" }));
        Assert.Throws<ArgumentOutOfRangeException>(() => inner.UseStepDistillRecording(Mood, Options with { Share = 1.5 }));
    }

    private async Task<List<AnnotatedExample>> ReadAsync(TaskSpec? task = null)
    {
        task ??= Mood;
        using var store = SqliteAnnotationStore.Open(Options.Store);
        var teacher = new RecordedTeacher(task, task.ReplyFormat);
        return await AnnotatedExample.ReadAsync(ExampleReader.ReadAsync(task, Options.Rows, Stop), teacher, store, Stop).ToListAsync(Stop);
    }

    private sealed class StreamingClient(params string[] parts) : IChatClient
    {
        public List<ChatResponseUpdate> Given { get; } = [.. parts.Select(part => new ChatResponseUpdate(ChatRole.Assistant, part))];

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (var update in Given)
            {
                await Task.Yield();
                yield return update;
            }
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
