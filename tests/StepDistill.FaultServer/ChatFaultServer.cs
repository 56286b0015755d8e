using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace StepDistill.FaultServer;

/// <summary>A server on loopback that speaks OpenAI's chat protocol, misbehaves by plan, and counts what it saw and was paid for.</summary>
public sealed class ChatFaultServer : IAsyncDisposable
{
    /// <summary>Tokens that the server says a reply has.</summary>
    public const int ReplyTokens = 20;

    private readonly WebApplication _app;
    private readonly Func<string, int, Fault> _plan;
    private readonly Func<string, string> _answer;
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly ConcurrentDictionary<string, int> _asked = new();

    private ChatFaultServer(Func<string, string> answer, Func<string, int, Fault>? plan)
    {
        (_answer, _plan) = (answer, plan ?? ((_, _) => Fault.None));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.MapPost("/v1/chat/completions", Answer);
    }

    /// <summary>Where it listens.</summary>
    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/v1";

    /// <summary>How long a reply takes.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>What any minute may hold; more is answered with 429. Null for no limit.</summary>
    public (int Requests, int Tokens)? Limits { get; set; }

    /// <summary>Whether replies tell the limits.</summary>
    public bool TellsLimits { get; set; }

    /// <summary>Whether it keeps what it saw; not for benchmarks.</summary>
    public bool Remembers { get; set; } = true;

    /// <summary>Everything that came, in order.</summary>
    public ConcurrentQueue<SeenRequest> Seen { get; } = [];

    /// <summary>How often each question was answered with status 200 and a whole reply, whether it arrived or not: what has to be paid.</summary>
    public ConcurrentDictionary<string, int> Paid { get; } = new();

    /// <summary>Starts a server.</summary>
    /// <param name="answer">The reply to a question, the last message.</param>
    /// <param name="plan">What to do to a question that is asked for the n-th time, from 1.</param>
    public static async Task<ChatFaultServer> StartAsync(Func<string, string> answer, Func<string, int, Fault>? plan = null)
    {
        var server = new ChatFaultServer(answer, plan);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>The most requests and tokens that any sixty seconds held.</summary>
    public (int Requests, long Tokens) Busiest(double minute = 60)
    {
        var seen = Seen.OrderBy(request => request.At).ToArray();
        var (first, tokens, most) = (0, 0L, (0, 0L));
        for (var i = 0; i < seen.Length; i++)
        {
            tokens += seen[i].Tokens;
            while (seen[i].At - seen[first].At >= minute)
            {
                tokens -= seen[first++].Tokens;
            }

            most = (Math.Max(most.Item1, i - first + 1), Math.Max(most.Item2, tokens));
        }

        return most;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(true));
        await _app.DisposeAsync();
    }

    private async Task Answer(HttpContext http)
    {
        var request = await JsonNode.ParseAsync(http.Request.Body);
        var question = Text(request!["messages"]!.AsArray()[^1]!["content"]!);
        var prompt = request["messages"]!.AsArray().Sum(message => Text(message!["content"]!).Length) / 4;
        var number = Remembers ? _asked.AddOrUpdate(question, 1, (_, before) => before + 1) : 1;
        var fault = _plan(question, number);
        if (Remembers)
        {
            Seen.Enqueue(new(Stopwatch.GetElapsedTime(_started).TotalSeconds, question, prompt + ReplyTokens, fault));
        }

        if (TellsLimits && Limits is { } limits)
        {
            http.Response.Headers["x-ratelimit-limit-requests"] = $"{limits.Requests}";
            http.Response.Headers["x-ratelimit-limit-tokens"] = $"{limits.Tokens}";
        }

        if (Latency > TimeSpan.Zero)
        {
            await Task.Delay(Latency, http.RequestAborted);
        }

        await Reply(http, question, prompt, fault);
    }

    private async Task Reply(HttpContext http, string question, int prompt, Fault fault)
    {
        var body = Encoding.UTF8.GetBytes(Body(_answer(question), prompt, fault));
        switch (fault)
        {
            case Fault.TooMany:
                await Refuse(http, 429, "Rate limit reached for requests.");
                break;
            case Fault.TooManyForNow:
                http.Response.Headers.RetryAfter = "1";
                await Refuse(http, 429, "Rate limit reached for requests.");
                break;
            case Fault.NoCredit:
                await Refuse(http, 429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota");
                break;
            case Fault.ServerError:
                await Refuse(http, 500, "The server had an error.");
                break;
            case Fault.Unavailable:
                await Refuse(http, 503, "The server is overloaded.");
                break;
            case Fault.Unauthorized:
                await Refuse(http, 401, "Incorrect API key provided.");
                break;
            case Fault.Silence:
                await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            case Fault.Reset:
                Begin(http, body.Length);
                await http.Response.Body.WriteAsync(body.AsMemory(0, body.Length / 2));
                await http.Response.Body.FlushAsync();
                http.Abort();
                break;
            case Fault.HalfJson:
                await Send(http, body[..(body.Length / 2)]);
                break;
            case Fault.WrongType:
                http.Response.ContentType = "text/html";
                await http.Response.WriteAsync("<html><body><h1>502 Bad Gateway</h1></body></html>");
                break;
            case Fault.Twice:
                await Send(http, [.. body, .. body]);
                break;
            case Fault.Drip:
                Count(question);
                Begin(http, body.Length);
                for (var i = 0; i < body.Length; i += 64)
                {
                    await http.Response.Body.WriteAsync(body.AsMemory(i, Math.Min(64, body.Length - i)));
                    await http.Response.Body.FlushAsync();
                    await Task.Delay(2);
                }

                break;
            default:
                Count(question);        // before it is sent: who has it can be sure that it was counted
                await Send(http, body);
                break;
        }
    }

    private void Count(string question)
    {
        if (Remembers)
        {
            Paid.AddOrUpdate(question, 1, (_, before) => before + 1);
        }
    }

    private static Task Send(HttpContext http, byte[] body)
    {
        Begin(http, body.Length);
        return http.Response.Body.WriteAsync(body).AsTask();
    }

    private static void Begin(HttpContext http, int length)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = length;
    }

    private static Task Refuse(HttpContext http, int status, string message, string? code = null)
    {
        http.Response.StatusCode = status;
        var error = new JsonObject { ["message"] = message, ["type"] = code ?? "error", ["code"] = code };
        return Send(http, JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["error"] = error }));
    }

    private static string Body(string answer, int prompt, Fault fault) => new JsonObject
    {
        ["id"] = "1",
        ["object"] = "chat.completion",
        ["created"] = 1,
        ["model"] = "test",
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["finish_reason"] = fault switch { Fault.Length => "length", Fault.Filtered => "content_filter", _ => "stop" },
            ["message"] = new JsonObject
            {
                ["role"] = "assistant",
                ["content"] = fault switch { Fault.Length => "The reasons are", Fault.Filtered => "", _ => answer },
            },
        }),
        ["usage"] = new JsonObject
        {
            ["prompt_tokens"] = prompt, ["completion_tokens"] = ReplyTokens, ["total_tokens"] = prompt + ReplyTokens,
        },
    }.ToJsonString();

    private static string Text(JsonNode content) =>
        content is JsonArray parts ? parts[0]!["text"]!.GetValue<string>() : content.GetValue<string>();
}
