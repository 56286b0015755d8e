using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Tests.Teachers.BatchJobs;

/// <summary>A batch service in memory that counts what it was paid for, and misbehaves as a test tells it to.</summary>
internal sealed class MemoryBatchService : IBatchService
{
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly List<Batch> _batches = [];

    /// <summary>Called before each call has its effect, and after it; may throw.</summary>
    public Action<string, bool> Interfere { get; set; } = (_, _) => { };

    /// <summary>Ends a batch when it is looked at; by default each question is answered "Answer: good".</summary>
    public Action<Batch> Work { get; set; } = batch => batch.Complete();

    /// <summary>What was asked for, in the order of the service's own acceptance.</summary>
    public IReadOnlyList<Batch> Batches => _batches;

    /// <summary>How often each question was answered, and so is to be paid.</summary>
    public Dictionary<string, int> Paid { get; } = [];

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public Task<ReadOnlyMemory<byte>> WriteAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellation = default) =>
        Task.FromResult<ReadOnlyMemory<byte>>(JsonSerializer.SerializeToUtf8Bytes(new { model = options.ModelId, question = messages[^1].Text }));

    public Task<ChatResponse> ReadAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, string body, CancellationToken cancellation = default)
    {
        var reply = JsonNode.Parse(body)!;
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, reply["text"]!.GetValue<string>()))
        {
            Usage = new UsageDetails { InputTokenCount = 7, OutputTokenCount = 3 },
        });
    }

    public Task<string> UploadAsync(string path, string name, CancellationToken cancellation = default) => Call("upload", () =>
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        var id = $"file-{_files.Count}";
        _files[id] = copy.ToArray();
        return id;
    });

    public Task<BatchJob> CreateAsync(string inputFile, string tag, CancellationToken cancellation = default) => Call("create", () =>
    {
        List<string> keys = [.. Encoding.UTF8.GetString(_files[inputFile]).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonNode.Parse(line)!["custom_id"]!.GetValue<string>())];
        var batch = new Batch(this, $"batch-{_batches.Count}", tag, keys, Time.GetUtcNow());
        _batches.Add(batch);
        return batch.Job;
    });

    public Task<BatchJob> FindAsync(string id, CancellationToken cancellation = default) => Call("find", () =>
    {
        var batch = _batches.Single(one => one.Job.Id == id);
        if (!batch.Job.State.IsEnd())
        {
            Work(batch);
        }

        return batch.Job;
    });

    public async IAsyncEnumerable<BatchJob> ListAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        foreach (var batch in await Call("list", () => _batches.AsEnumerable().Reverse().ToList()))
        {
            yield return batch.Job;
        }
    }

    public Task<Stream> DownloadAsync(string file, CancellationToken cancellation = default) =>
        Call<Stream>("download", () => new MemoryStream(_files[file]));

    public void Dispose()
    {
    }

    private async Task<T> Call<T>(string name, Func<T> work)
    {
        await Task.Yield();
        Interfere(name, false);
        var result = work();
        Interfere(name, true);
        return result;
    }

    /// <summary>A batch at the service.</summary>
    internal sealed class Batch(MemoryBatchService service, string id, string tag, List<string> keys, DateTimeOffset created)
    {
        public IReadOnlyList<string> Keys => keys;

        public BatchJob Job { get; set; } = new() { Id = id, State = BatchState.Validating, Tag = tag, Total = keys.Count, Created = created };

        /// <summary>Answers everything.</summary>
        public void Complete() => End(BatchState.Completed, keys.Select(key => Answer(key)), []);

        /// <summary>Ends with some lines.</summary>
        public void End(BatchState state, IEnumerable<string> answers, IEnumerable<string> errors)
        {
            List<string> lines = [.. answers];
            List<string> failures = [.. errors];
            Job = Job with
            {
                State = state,
                OutputFile = Save(lines),
                ErrorFile = Save(failures),
                Completed = lines.Select(CustomId).OfType<string>().Where(keys.Contains).Distinct().Count(),
            };
        }

        /// <summary>The line of an answer, which is to be paid.</summary>
        public string Answer(string key, string text = "Because.\nAnswer: good")
        {
            service.Paid[key] = service.Paid.GetValueOrDefault(key) + 1;
            return Line(key, 200, new JsonObject { ["text"] = text });
        }

        public static string Line(string key, int status, JsonNode? body) => new JsonObject
        {
            ["id"] = "r", ["custom_id"] = key, ["error"] = null,
            ["response"] = new JsonObject { ["status_code"] = status, ["request_id"] = "q", ["body"] = body },
        }.ToJsonString();

        public static string Refusal(string key, string code) => new JsonObject
        {
            ["id"] = "r", ["custom_id"] = key, ["response"] = null,
            ["error"] = new JsonObject { ["code"] = code, ["message"] = "no" },
        }.ToJsonString();

        private static string? CustomId(string line)
        {
            try
            {
                return JsonNode.Parse(line)?["custom_id"]?.GetValue<string>();
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                return null;
            }
        }

        private string? Save(List<string> lines)
        {
            if (lines.Count == 0)
            {
                return null;
            }

            var id = $"file-{service._files.Count}";
            service._files[id] = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
            return id;
        }
    }
}
