using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StepDistill.Cli.Tests;

/// <summary>A server on loopback that speaks OpenAI's, Anthropic's and Ollama's protocols as far as teachers need them.</summary>
internal sealed class ChatServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<string, (int Status, string Text)> _answer;

    /// <summary>Starts the server.</summary>
    /// <param name="answer">Gives status and reply for the last message of a request.</param>
    public ChatServer(Func<string, (int Status, string Text)> answer)
    {
        _answer = answer;
        var port = Port();
        Address = $"http://localhost:{port}/v1";
        _listener.Prefixes.Add($"http://localhost:{port}/");
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public string Address { get; }

    /// <summary>What the requests' headers <c>Authorization</c> held.</summary>
    public List<string?> Keys { get; } = [];

    /// <summary>Where requests went, such as <c>/v1/chat/completions</c>.</summary>
    public List<string> Paths { get; } = [];

    /// <summary>The requests' bodies.</summary>
    public List<JsonNode> Requests { get; } = [];

    public void Dispose() => _listener.Close();

    private static int Port()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

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

            lock (Keys)
            {
                Keys.Add(context.Request.Headers["Authorization"]);
                Paths.Add(context.Request.Url!.AbsolutePath);
            }

            var request = await JsonNode.ParseAsync(context.Request.InputStream);
            lock (Keys)
            {
                Requests.Add(request!);
            }

            var last = request!["messages"]!.AsArray()[^1]!["content"]!;
            var (status, text) = _answer(last is JsonArray parts ? parts[0]!["text"]!.GetValue<string>() : last.GetValue<string>());
            var reply = status != 200 ? Error(status, text) : context.Request.Url.AbsolutePath switch
            {
                "/v1/messages" => Anthropic(text),
                "/api/chat" => Ollama(text),
                _ => OpenAI(text),
            };
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(reply)));
            context.Response.Close();
        }
    }

    private static JsonObject OpenAI(string text) => new()
    {
        ["id"] = "1",
        ["object"] = "chat.completion",
        ["created"] = 1,
        ["model"] = "test",
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["finish_reason"] = "stop",
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text },
        }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 10, ["completion_tokens"] = 5, ["total_tokens"] = 15 },
    };

    private static JsonObject Anthropic(string text) => new()
    {
        ["id"] = "1",
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = "test",
        ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }),
        ["stop_reason"] = "end_turn",
        ["usage"] = new JsonObject { ["input_tokens"] = 10, ["output_tokens"] = 5 },
    };

    private static JsonObject Ollama(string text) => new()
    {
        ["model"] = "test",
        ["created_at"] = "2026-01-01T00:00:00Z",
        ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text },
        ["done"] = true,
        ["done_reason"] = "stop",
        ["prompt_eval_count"] = 10,
        ["eval_count"] = 5,
    };

    private static JsonObject Error(int status, string text) => new()
    {
        ["error"] = new JsonObject { ["message"] = text, ["code"] = status },
    };
}
