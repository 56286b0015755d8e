using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using StepDistill.Serving.Tests.Fuzzing;

namespace StepDistill.Serving.Tests;

public sealed partial class StudentServerTests
{
    private static readonly int[] Allowed = [200, 400, 404, 413, 415, 422];

    [Fact]
    public Task Hostile_bodies_never_break_it() => SendHostileAsync(3_000);

    [Fact(Explicit = true)]
    public Task A_hundred_thousand_hostile_bodies_never_break_it() => SendHostileAsync(100_000);

    /// <summary>
    /// Sends hostile bodies from several connections, and between them sound ones with a text of their own: these must have their own
    /// answers, no answer may be a 500 or hold another's text, and the process must go on.
    /// </summary>
    private static async Task SendHostileAsync(int count)
    {
        const int Clients = 8;
        var log = new LogLines(Microsoft.Extensions.Logging.LogLevel.Error);
        await using var served = await Served.StartAsync(
            settings: Served.Settings with { MaxBodyBytes = 1 << 16, LatencyLimit = TimeSpan.FromMinutes(1) }, log: log);
        var statuses = new ConcurrentDictionary<int, int>();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(
            async () =>
            {
                var hostile = new HostileBodies(client);
                for (var i = 0; i < count / Clients; i++)
                {
                    var (body, chat) = hostile.Next();
                    var (status, text) = await SendAsync(served, chat ? "/v1/chat/completions" : "/v1/predict", body);
                    Assert.True(Allowed.Contains(status), $"Client {client}, body {i}: status {status}, {text}");
                    Assert.False(text.Contains("SECRET-OF-", StringComparison.Ordinal), $"Client {client}, body {i} saw another's text: {text}");
                    statuses.AddOrUpdate(status, 1, (_, before) => before + 1);
                    if (i % 10 == 0)
                    {
                        var mine = $"SECRET-OF-{client}-{i}";
                        var (_, answer, _) = await served.PostAsync("/v1/predict", new JsonObject { ["input"] = mine }.ToJsonString());
                        Assert.Equal(mine, answer["answer"]!["label"]!.GetValue<string>());
                    }
                }
            },
            Stop)));

        Assert.Empty(log.Lines);
        Assert.Contains(200, statuses);        // not only nonsense was sent
        Assert.Contains(400, statuses);
        Assert.Contains(413, statuses);
        Assert.Equal("healthy", await served.GetAsync("/healthz"));
        TestContext.Current.SendDiagnosticMessage("{0}", string.Join(", ", statuses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}")));
    }

    private static async Task<(int Status, string Text)> SendAsync(Served served, string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await served.Client.PostAsync(path, content, Stop);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Stop));
    }
}
