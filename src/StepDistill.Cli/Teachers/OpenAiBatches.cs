using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using OpenAI.Batch;
using OpenAI.Files;
using StepDistill.Recipes;
using StepDistill.Teachers.BatchJobs;
using BatchJob = StepDistill.Teachers.BatchJobs.BatchJob;

#pragma warning disable OPENAI001 // The client may still change its batch interface; only its protocol methods are used, which follow the service's.

namespace StepDistill.Cli.Teachers;

/// <summary>OpenAI's batch interface, through its own client.</summary>
/// <remarks>https://platform.openai.com/docs/guides/batch. The only place that calls it.</remarks>
internal sealed class OpenAiBatches : IBatchService
{
    /// <summary>The only time that the interface offers.</summary>
    private const string Window = "24h";

    /// <summary>Batches in one page of the list, the most that the service gives.</summary>
    private const int PageSize = 100;

    private readonly HttpClient _http;
    private readonly OfflineExchange _offline = new();
    private readonly HttpClient _offlineHttp;
    private readonly Lazy<IChatClient> _writer;
    private readonly Lazy<OpenAIFileClient> _files;
    private readonly Lazy<BatchClient> _batches;

    private OpenAiBatches(TeacherSection section, HttpClient http)
    {
        (_http, _offlineHttp) = (http, new HttpClient(_offline));
        _writer = new(() => TeacherClients.Connect(section, _offlineHttp));
        _files = new(() => TeacherClients.OpenAi(section, http).GetOpenAIFileClient());
        _batches = new(() => TeacherClients.OpenAi(section, http).GetBatchClient());
    }

    /// <summary>Opens the interface of the server that a recipe's teacher is at. Nothing is sent, and no key looked for, before the first call.</summary>
    /// <param name="section">The section <c>teacher</c>.</param>
    /// <exception cref="StepDistillException">The teacher has no batch interface.</exception>
    public static IBatchService Open(TeacherSection section)
    {
        if (section.Name != "chat" || section.Provider != "openai")
        {
            throw new StepDistillException(
                $"--batch needs teacher.name 'chat' with teacher.provider 'openai', and the recipe says "
                + (section.Name == "chat" ? $"teacher.provider '{section.Provider}'" : $"teacher.name '{section.Name}'")
                + ": only OpenAI's interface takes batches. Leave out --batch.");
        }

        return new OpenAiBatches(section, new HttpClient(new CredentialFilter(new SocketsHttpHandler())) { Timeout = TimeSpan.FromHours(1) });     // 200 MB over a slow line
    }

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>> WriteAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellation = default)
    {
        _offline.Reply = null;
        await _writer.Value.GetResponseAsync(messages, options, cancellation);
        return _offline.Request;
    }

    /// <inheritdoc/>
    public Task<ChatResponse> ReadAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, string body, CancellationToken cancellation = default)
    {
        _offline.Reply = body;
        return _writer.Value.GetResponseAsync(messages, options, cancellation);
    }

    /// <inheritdoc/>
    public async Task<string> UploadAsync(string path, string name, CancellationToken cancellation = default)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return (await _files.Value.UploadFileAsync(file, name, FileUploadPurpose.Batch, cancellation)).Value.Id;
    }

    /// <inheritdoc/>
    public async Task<BatchJob> CreateAsync(string inputFile, string tag, CancellationToken cancellation = default)
    {
        var wanted = new JsonObject
        {
            ["input_file_id"] = inputFile,
            ["endpoint"] = BatchAddress.Chat,
            ["completion_window"] = Window,
            ["metadata"] = new JsonObject { [BatchJob.TagKey] = tag },
        };
        using var content = BinaryContent.Create(BinaryData.FromString(wanted.ToJsonString()));
        var made = await _batches.Value.CreateBatchAsync(content, waitUntilCompleted: false, With(cancellation));
        return Read(made.GetRawResponse());
    }

    /// <inheritdoc/>
    public async Task<BatchJob> FindAsync(string id, CancellationToken cancellation = default) =>
        Read((await _batches.Value.GetBatchAsync(id, With(cancellation))).GetRawResponse());

    /// <inheritdoc/>
    public async IAsyncEnumerable<BatchJob> ListAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var page in _batches.Value.GetBatchesAsync(after: null, PageSize, With(cancellation)).GetRawPagesAsync())
        {
            foreach (var job in BatchJob.ParsePage(page.GetRawResponse().Content.ToMemory()))
            {
                yield return job;
            }
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> DownloadAsync(string file, CancellationToken cancellation = default)
    {
        var options = With(cancellation);
        options.BufferResponse = false;     // a file of answers may be larger than the memory
        var response = (await _files.Value.DownloadFileAsync(file, options)).GetRawResponse();
        return response.ContentStream ?? Stream.Null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_writer.IsValueCreated)
        {
            _writer.Value.Dispose();
        }

        _offlineHttp.Dispose();
        _offline.Dispose();
        _http.Dispose();
    }

    private static RequestOptions With(CancellationToken cancellation) => new() { CancellationToken = cancellation };

    private static BatchJob Read(PipelineResponse response) => BatchJob.Parse(response.Content.ToMemory());
}
