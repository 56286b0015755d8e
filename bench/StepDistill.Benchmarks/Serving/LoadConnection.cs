using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StepDistill.Benchmarks.Serving;

/// <summary>One connection that speaks just enough HTTP: a client with all comforts would take as much of the processor as the server.</summary>
internal sealed class LoadConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[1 << 16];

    public async Task OpenAsync(Uri server) => await _socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port));

    /// <summary>A whole request, ready to be sent.</summary>
    public static byte[] Request(Uri server, string body) => Encoding.UTF8.GetBytes(
        $"POST /v1/predict HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    /// <summary>Sends a request and reads its answer.</summary>
    /// <returns>The status, and the seconds to wait where one is told.</returns>
    public async Task<(int Status, double RetryAfterMilliseconds)> AskAsync(byte[] request, CancellationToken cancellation)
    {
        await _socket.SendAsync(request, cancellation);
        var length = 0;
        while (true)
        {
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellation);
            if (read == 0)
            {
                throw new IOException("The server closed the connection.");
            }

            length += read;
            var head = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (head >= 0 && length >= head + 4 + (int)Header(_buffer.AsSpan(0, head), "Content-Length: "u8, 0))
            {
                return (Utf8Parser.TryParse(_buffer.AsSpan(9, 3), out int status, out _) ? status : 0, Header(_buffer.AsSpan(0, head), "retry-after-ms: "u8, 1000));
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private static double Header(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name, double otherwise)
    {
        var at = head.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(head[(at + name.Length)..], out long value, out _) ? value : otherwise;
    }
}
