using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StepDistill.Tests.Hub;

/// <summary>What a client asked.</summary>
internal sealed record Asked(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>What it sent along.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>Where the asked part of the file begins.</summary>
    public long From => Headers.TryGetValue("range", out var range)
        ? long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture) : 0;
}

/// <summary>What the server answers. It says that it sends all of the body, and breaks off after <paramref name="CutAt"/> bytes.</summary>
internal sealed record Answer(int Status, byte[] Body, int CutAt = int.MaxValue, params (string Name, string Value)[] Headers)
{
    /// <summary>A status that cuts the connection after the request was carried out.</summary>
    public const int NoAnswer = 0;
}

/// <summary>A server of HTTP on this machine that does what a test tells it to, broken connections included.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<Asked, Answer> answer;

    public LoopbackServer(Func<Asked, Answer> answer)
    {
        this.answer = answer;
        listener.Start();
        Address = new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        _ = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>After how many bytes of a request's body the connection is cut; null takes all of it.</summary>
    public Func<Asked, int?> CutUploads { get; set; } = _ => null;

    /// <summary>Everything that was asked so far.</summary>
    public ConcurrentQueue<Asked> Log { get; } = [];

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            await AnswerAsync(client);
        }
        catch (IOException)
        {
            // The client went away.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            var stream = client.GetStream();
            var lines = new Queue<string>();
            while (await ReadLineAsync(stream) is { Length: > 0 } line)
            {
                lines.Enqueue(line);
            }

            if (!lines.TryDequeue(out var first))
            {
                return;
            }

            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var line in lines)
            {
                headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            }

            var asked = new Asked(first.Split(' ')[0], first.Split(' ')[1], headers);
            var length = headers.TryGetValue("content-length", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
            if (CutUploads(asked) is { } cut && cut < length)
            {
                await stream.ReadAtLeastAsync(new byte[length], cut, throwOnEndOfStream: false);
                client.LingerState = new LingerOption(true, 0);
                return;
            }

            var body = new byte[length];
            if (await stream.ReadAtLeastAsync(body, length, throwOnEndOfStream: false) < length)
            {
                return; // the client went away
            }

            asked = asked with { Body = body };
            Log.Enqueue(asked);
            var reply = answer(asked);
            if (reply.Status == Answer.NoAnswer)
            {
                return;
            }

            var head = new StringBuilder($"HTTP/1.1 {reply.Status} As-told\r\nConnection: close\r\nContent-Length: {reply.Body.Length}\r\n");
            foreach (var (name, value) in reply.Headers)
            {
                head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
            if (asked.Method != "HEAD")
            {
                await stream.WriteAsync(reply.Body.AsMemory(0, Math.Min(reply.CutAt, reply.Body.Length)));
            }
        }
    }

    private static async Task<string> ReadLineAsync(NetworkStream stream)
    {
        var (line, one) = (new StringBuilder(), new byte[1]);
        while (await stream.ReadAsync(one) == 1 && one[0] != '\n')
        {
            line.Append((char)one[0]);
        }

        return line.ToString().TrimEnd('\r');
    }
}
