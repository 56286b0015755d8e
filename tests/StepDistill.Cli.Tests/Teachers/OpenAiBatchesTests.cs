using Microsoft.Extensions.AI;
using StepDistill.Cli.Teachers;
using StepDistill.Recipes;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Cli.Tests.Teachers;

public sealed class OpenAiBatchesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BatchServer _server = new();
    private readonly IBatchService _service;

    public OpenAiBatchesTests() => _service = OpenAiBatches.Open(new TeacherSection { Name = "chat", Model = "m", Endpoint = _server.Address });

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _service.Dispose();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Requests_are_written_and_replies_read_without_any_call()
    {
        ChatMessage[] question = [new(ChatRole.User, "A line\nand \"another\"?")];
        var options = new ChatOptions { ModelId = "m", MaxOutputTokens = 9 };

        var body = System.Text.Encoding.UTF8.GetString((await _service.WriteAsync(question, options, Stop)).Span);
        var reply = await _service.ReadAsync(question, options, """
            {"id":"1","object":"chat.completion","created":1,"model":"m","usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6},
             "choices":[{"index":0,"finish_reason":"length","message":{"role":"assistant","content":"Yes"}}]}
            """, Stop);

        Assert.DoesNotContain('\n', body);
        Assert.Contains("A line\\nand", body, StringComparison.Ordinal);
        Assert.Equal(("Yes", ChatFinishReason.Length, 4L), (reply.Text, reply.FinishReason!.Value, reply.Usage!.InputTokenCount!.Value));
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task All_pages_of_the_list_are_read_newest_first()
    {
        var file = await _service.UploadAsync(_folder.Write("f.jsonl", ""), "f.jsonl", Stop);
        foreach (var tag in new[] { "one", "two", "three" })
        {
            Assert.Equal((tag, BatchState.Validating), (await _service.CreateAsync(file, tag, Stop)) is var job ? (job.Tag, job.State) : default);
        }

        Assert.Equal(["three", "two", "one"], await _service.ListAsync(Stop).Select(job => job.Tag).ToListAsync(Stop));
        Assert.Equal("two", (await _service.FindAsync("batch-1", Stop)).Tag);
    }
}
