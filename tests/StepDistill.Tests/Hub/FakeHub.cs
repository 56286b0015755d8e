using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace StepDistill.Tests.Hub;

/// <summary>A hub with one student, and a store on another port to which it leads for weights, as Hugging Face's does.</summary>
internal sealed class FakeHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly LoopbackServer hub;
    private readonly LoopbackServer store;

    public FakeHub()
    {
        store = new LoopbackServer(asked => Faults.TryDequeue(out var fault) && fault(asked, Content(asked)) is { } wrong
            ? wrong : Part(asked, Content(asked)));
        hub = new LoopbackServer(asked => HubFaults.TryDequeue(out var fault) && fault(asked) is { } wrong ? wrong : Reply(asked));
    }

    public Uri Address => hub.Address;

    public Dictionary<string, byte[]> Files { get; } = new()
    {
        ["config.json"] = "{\"model_type\": \"t5\"}"u8.ToArray(),
        ["spiece.model"] = [1, 2, 3],
        ["model.safetensors"] = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31 >> 3))],
        ["flax_model.msgpack"] = [9],
    };

    /// <summary>What the store does wrong, one request each; null does that one right.</summary>
    public ConcurrentQueue<Func<Asked, byte[], Answer?>> Faults { get; } = [];

    /// <summary>What the hub does wrong, one request each.</summary>
    public ConcurrentQueue<Func<Asked, Answer?>> HubFaults { get; } = [];

    public IEnumerable<Asked> HubLog => hub.Log;

    public IEnumerable<Asked> StoreLog => store.Log;

    public static Answer Part(Asked asked, byte[] content, int cutAt = int.MaxValue) => asked.From == 0
        ? new(200, content, cutAt)
        : new(206, content[(int)asked.From..], cutAt, ("Content-Range", $"bytes {asked.From}-{content.Length - 1}/{content.Length}"));

    public void Dispose()
    {
        hub.Dispose();
        store.Dispose();
    }

    private static bool IsLarge(string file) => file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".bin", StringComparison.Ordinal);

    private byte[] Content(Asked asked) => Files[asked.Path.Split('/', '?')[1]];

    private Answer Reply(Asked asked)
    {
        var parts = asked.Path.Split('/');
        if (parts is not ["", "owner", "name", "resolve", "main" or Commit, var file])
        {
            return new(404, [], Headers: ("X-Error-Code", asked.Path.Contains("/name/", StringComparison.Ordinal) ? "RevisionNotFound" : "RepoNotFound"));
        }

        if (!Files.TryGetValue(file, out var content))
        {
            return new(404, [], Headers: [("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", Commit)]);
        }

        return IsLarge(file)
            ? new(302, [], Headers: [
                ("X-Repo-Commit", Commit),
                ("ETag", "\"of-the-pointer\""),
                ("X-Linked-Etag", $"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\""),
                ("X-Linked-Size", content.Length.ToString(CultureInfo.InvariantCulture)),
                ("Location", $"{store.Address}{file}?signature=secret")])
            : new(200, content, Headers: [("X-Repo-Commit", Commit), ("ETag", $"\"{GitHash(content)}\"")]);
    }

#pragma warning disable CA5350 // git's own hash
    private static string GitHash(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
}
