using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace StepDistill.Cli.Tests;

/// <summary>What a server does instead of what it was asked.</summary>
/// <param name="Status">Answers with this status and does nothing; null where the connection is cut.</param>
/// <param name="IsDone">Whether it first does what it was asked, so that only the reply is missing.</param>
internal sealed record BatchFault(int? Status, bool IsDone = false);

/// <summary>A server on loopback with OpenAI's files, batches and chat completions, and a count of what is to be paid.</summary>
internal sealed class BatchServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Dictionary<string, string> _files = [];
    private readonly List<JsonObject> _batches = [];

    public BatchServer()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        Address = $"http://localhost:{port}/v1";
        _listener.Prefixes.Add($"http://localhost:{port}/");
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public string Address { get; }

    /// <summary>What is done wrong, by <c>METHOD /path</c>, in turn.</summary>
    public Dictionary<string, Queue<BatchFault>> Faults { get; } = [];

    /// <summary>Every call, as <c>METHOD /path</c> with ids left out.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>The bodies of requests for chat completions, however they came.</summary>
    public List<JsonNode> Questions { get; } = [];

    /// <summary>How often each key was answered in a batch.</summary>
    public Dictionary<string, int> Paid { get; } = [];

    /// <summary>Whether batches are finished when they are looked at.</summary>
    public bool IsQuick { get; set; } = true;

    /// <summary>Called at each look at a batch.</summary>
    public Action Looked { get; set; } = () => { };

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            var path = context.Request.Url!.AbsolutePath;
            var name = $"{context.Request.HttpMethod} {string.Join('/', path.Split('/').Select(part => part.Contains('-', StringComparison.Ordinal) ? "*" : part))}";
            Calls.Add(name);
            using var reader = new StreamReader(context.Request.InputStream);
            var body = await reader.ReadToEndAsync();
            var fault = Faults.TryGetValue(name, out var faults) && faults.Count > 0 ? faults.Dequeue() : null;
            var (status, reply) = fault is null || fault.IsDone ? TryAnswer(name, path, context.Request.QueryString["after"], body) : (fault.Status ?? 0, "{}");
            if (fault is { Status: null })
            {
                Cut(context, fault.IsDone ? reply : "");
                continue;
            }

            try
            {
                context.Response.StatusCode = status;
                context.Response.ContentType = "application/json";
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(reply));
                context.Response.Close();
            }
            catch (HttpListenerException)
            {
                // The client has gone.
            }
        }
    }

    /// <summary>Sends half a reply, if any, and no more.</summary>
    private static void Cut(HttpListenerContext context, string reply)
    {
        if (reply.Length > 0)
        {
            var bytes = Encoding.UTF8.GetBytes(reply);
            context.Response.ContentLength64 = bytes.Length;
            context.Response.OutputStream.Write(bytes, 0, bytes.Length / 2);
            context.Response.OutputStream.Flush();
        }

        context.Response.Abort();
    }

    private (int Status, string Reply) TryAnswer(string name, string path, string? after, string body)
    {
        try
        {
            return Answer(name, path, after, body);
        }
        catch (Exception e)
        {
            return (418, new JsonObject { ["error"] = new JsonObject { ["message"] = $"The test's server is at fault: {e}" } }.ToJsonString());
        }
    }

    private (int Status, string Reply) Answer(string name, string path, string? after, string body)
    {
        var id = path.Split('/').Last(part => part is not ("content" or ""));
        switch (name)
        {
            case "POST /v1/files":
                var file = $"file-{_files.Count}";
                _files[file] = string.Join('\n', body.Split('\n').Where(line => line.StartsWith("{\"custom_id\"", StringComparison.Ordinal)));
                return (200, new JsonObject { ["id"] = file, ["object"] = "file", ["bytes"] = 1, ["created_at"] = 1, ["filename"] = "f", ["purpose"] = "batch", ["status"] = "processed" }.ToJsonString());
            case "POST /v1/batches":
                var wanted = JsonNode.Parse(body)!;
                var batch = new JsonObject
                {
                    ["id"] = $"batch-{_batches.Count}", ["object"] = "batch", ["endpoint"] = wanted["endpoint"]!.DeepClone(), ["status"] = "validating",
                    ["input_file_id"] = wanted["input_file_id"]!.DeepClone(), ["completion_window"] = wanted["completion_window"]!.DeepClone(),
                    ["created_at"] = 4_000_000_000, ["expires_at"] = 4_000_086_400, ["metadata"] = wanted["metadata"]!.DeepClone(),
                };
                _batches.Add(batch);
                return (200, batch.ToJsonString());
            case "GET /v1/batches":     // one a page, newest first
                var listed = _batches.AsEnumerable().Reverse().SkipWhile(one => after is not null && $"{one["id"]}" != after).Skip(after is null ? 0 : 1).ToList();
                return (200, new JsonObject
                {
                    ["object"] = "list", ["data"] = new JsonArray([.. listed.Take(1).Select(one => one.DeepClone())]),
                    ["first_id"] = listed.FirstOrDefault()?["id"]?.DeepClone(), ["last_id"] = listed.FirstOrDefault()?["id"]?.DeepClone(),
                    ["has_more"] = listed.Count > 1,
                }.ToJsonString());
            case "GET /v1/batches/*":
                Looked();
                var found = _batches.Single(one => $"{one["id"]}" == id);
                if (IsQuick && $"{found["status"]}" == "validating")
                {
                    Finish(found);
                }

                return (200, found.ToJsonString());
            case "GET /v1/files/*/content":
                return (200, _files[id]);
            case "POST /v1/chat/completions":
                Questions.Add(JsonNode.Parse(body)!);
                return (200, Completion(JsonNode.Parse(body)!).ToJsonString());
            default:
                return (404, """{"error":{"message":"no such address"}}""");
        }
    }

    /// <summary>Answers the questions from the last to the first, and the first one twice.</summary>
    private void Finish(JsonObject batch)
    {
        var lines = new List<string>();
        foreach (var line in _files[$"{batch["input_file_id"]}"].Split('\n', StringSplitOptions.RemoveEmptyEntries).Reverse().Select(line => JsonNode.Parse(line)!))
        {
            var key = $"{line["custom_id"]}";
            Paid[key] = Paid.GetValueOrDefault(key) + 1;
            Questions.Add(line["body"]!);
            lines.Add(new JsonObject
            {
                ["id"] = "r", ["custom_id"] = key, ["error"] = null,
                ["response"] = new JsonObject { ["status_code"] = 200, ["request_id"] = "q", ["body"] = Completion(line["body"]!) },
            }.ToJsonString());
        }

        lines.AddRange(lines.Take(1).ToList());
        var file = $"file-{_files.Count}";
        _files[file] = string.Join('\n', lines);
        batch["status"] = "completed";
        batch["output_file_id"] = file;
        batch["request_counts"] = new JsonObject { ["total"] = lines.Count - 1, ["completed"] = lines.Count - 1, ["failed"] = 0 };
    }

    private static JsonObject Completion(JsonNode request)
    {
        var last = request["messages"]!.AsArray()[^1]!["content"]!;
        var question = last is JsonArray parts ? $"{parts[0]!["text"]}" : $"{last}";
        var swims = question.Contains("penguin", StringComparison.Ordinal);
        return new JsonObject
        {
            ["id"] = "1", ["object"] = "chat.completion", ["created"] = 1, ["model"] = "test",
            ["choices"] = new JsonArray(new JsonObject
            {
                ["index"] = 0, ["finish_reason"] = "stop",
                ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = $"It has {(swims ? "flippers" : "wings")}. So the answer is {(swims ? "swim" : "fly")}." },
            }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 10, ["completion_tokens"] = 5, ["total_tokens"] = 15 },
        };
    }
}
