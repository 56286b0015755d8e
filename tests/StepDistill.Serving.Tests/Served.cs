using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using StepDistill.Inference;

namespace StepDistill.Serving.Tests;

/// <summary>A real server on loopback with a fake student, and a client for it.</summary>
internal sealed class Served : IAsyncDisposable
{
    private Served(StudentServer server, HttpClient client) => (Server, Client) = (server, client);

    public StudentServer Server { get; }

    public HttpClient Client { get; }

    public static ServeSettings Settings { get; } = new() { Url = "http://127.0.0.1:0", WatchEvery = TimeSpan.Zero };

    public static async Task<Served> StartAsync(
        Func<IStudentClassifier>? open = null, ServeSettings? settings = null, string? folder = null, LogLines? log = null)
    {
        var server = await StudentServer.StartAsync(
            settings ?? Settings, open ?? (() => new FakeStudent()), folder, log is null ? null : log.AddTo, cancellation: TestContext.Current.CancellationToken);
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 256 };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=localhost";      // made for the test
        return new Served(server, new HttpClient(handler) { BaseAddress = server.Address });
    }

    public async Task<(int Status, JsonNode Body, HttpResponseMessage Response)> PostAsync(string path, string body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await SendAsync(request, key);
    }

    public async Task<(int Status, JsonNode Body, HttpResponseMessage Response)> SendAsync(HttpRequestMessage request, string? key = null)
    {
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonNode.Parse(text)!, response);
    }

    public Task<string> GetAsync(string path) => Client.GetStringAsync(path, TestContext.Current.CancellationToken);

    public async Task<int> StatusAsync(string path)
    {
        using var response = await Client.GetAsync(path, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
    }
}
