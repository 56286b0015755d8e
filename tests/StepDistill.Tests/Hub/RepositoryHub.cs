using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace StepDistill.Tests.Hub;

/// <summary>A hub that can be written to, and a store of large files on another port.</summary>
internal sealed class RepositoryHub : IDisposable
{
    public const string Token = "hf_secret";

    /// <summary>A file of more bytes is kept as a large one.</summary>
    public const int LargeFrom = 2000;

    private readonly Lock gate = new();
    private readonly LoopbackServer hub;
    private readonly LoopbackServer store;
    private readonly Dictionary<string, Dictionary<string, (byte[] Content, bool IsLarge)>> commits = [];
    private readonly Dictionary<string, byte[]> arrived = [];
    private readonly Dictionary<string, List<byte[]>> parts = [];
    private int count;

    public RepositoryHub()
    {
        store = new LoopbackServer(asked => Watched(asked, StoreFaults, Store));
        hub = new LoopbackServer(asked => Watched(asked, HubFaults, Reply));
        store.CutUploads = asked => UploadCuts.TryDequeue(out var cut) ? cut(asked) : null;
    }

    public Uri Address => hub.Address;

    public Uri StoreAddress => store.Address;

    /// <summary>Where main stands; null while there is no repository.</summary>
    public string? Head { get; private set; }

    public bool IsPrivate { get; set; }

    /// <summary>Bytes of a part; null takes files in one piece.</summary>
    public int? PartBytes { get; set; }

    /// <summary>Entries of a page of the listing.</summary>
    public int PageSize { get; set; } = 3;

    /// <summary>A listing that takes the place of the true one.</summary>
    public string? Listing { get; set; }

    /// <summary>How many addresses of the store have expired when they are given.</summary>
    public int ExpiredUploads { get; set; }

    /// <summary>How many acknowledgements of large files get lost on their way.</summary>
    public int LostAnswers { get; set; }

    /// <summary>Called before and after every request is carried out.</summary>
    public Action? Watch { get; set; }

    /// <summary>How many commits were made by pushes.</summary>
    public int Pushes { get; private set; }

    public ConcurrentQueue<Func<Asked, Answer?>> HubFaults { get; } = [];

    public ConcurrentQueue<Func<Asked, Answer?>> StoreFaults { get; } = [];

    public ConcurrentQueue<Func<Asked, int?>> UploadCuts { get; } = [];

    /// <summary>Hashes of the objects that arrived whole and were acknowledged, in order.</summary>
    public ConcurrentQueue<string> Acknowledged { get; } = [];

    /// <summary>Hashes of objects that began to be sent although they had been acknowledged.</summary>
    public ConcurrentQueue<string> SentAgain { get; } = [];

    public IEnumerable<Asked> HubLog => hub.Log;

    public IEnumerable<Asked> StoreLog => store.Log;

    /// <summary>What main holds.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => Locked(() => commits[Head!].ToDictionary(pair => pair.Key, pair => pair.Value.Content));

    /// <summary>Makes the repository, or changes it, as somebody else.</summary>
    public string Commit(IReadOnlyDictionary<string, byte[]> files) => Locked(() =>
    {
        Head = Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(count++)))[..40];
        commits[Head] = files.ToDictionary(pair => pair.Key, pair => (pair.Value, IsLarge(pair.Value.Length, pair.Key)));
        return Head;
    });

    public void Dispose()
    {
        hub.Dispose();
        store.Dispose();
    }

    private static bool IsLarge(long size, string path) => size > LargeFrom || (size > 0 && path.EndsWith(".safetensors", StringComparison.Ordinal));

    private static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

#pragma warning disable CA5350 // git's own hash
    private static string GitHash(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    private static Answer Json(JsonNode json, int status = 200, params (string, string)[] headers) =>
        new(status, Encoding.UTF8.GetBytes(json.ToJsonString()), Headers: [("Content-Type", "application/json"), .. headers]);

    private Answer Watched(Asked asked, ConcurrentQueue<Func<Asked, Answer?>> faults, Func<Asked, Answer> right) => Locked(() =>
    {
        Watch?.Invoke();
        var answer = faults.TryDequeue(out var fault) && fault(asked) is { } wrong ? wrong : right(asked);
        Watch?.Invoke();
        return answer;
    });

    /// <summary>Carries out a request and then gives another answer than the right one.</summary>
    public Answer Do(Asked asked, Answer instead)
    {
        Reply(asked);
        return instead;
    }

    private T Locked<T>(Func<T> work)
    {
        lock (gate)
        {
            return work();
        }
    }

    private Answer Reply(Asked asked)
    {
        var path = Uri.UnescapeDataString(asked.Path.Split('?')[0]);
        if (asked.Method == "POST" && !path.EndsWith("/complete", StringComparison.Ordinal) && asked.Headers.GetValueOrDefault("authorization") != $"Bearer {Token}")
        {
            return new(401, []);
        }

        if (path == "/api/validate-yaml")
        {
            return Json(new JsonObject()); // the reference client asks this before it pushes a card
        }

        if (path == "/api/repos/create")
        {
            if (Head is not null)
            {
                return new(409, []);
            }

            var wish = JsonNode.Parse(asked.Body)!;
            IsPrivate = wish["private"]?.GetValue<bool>() ?? false;
            Commit(new Dictionary<string, byte[]> { [".gitattributes"] = "*.safetensors filter=lfs"u8.ToArray() });
            return Json(new JsonObject { ["url"] = $"{Address}{wish["organization"]}/{wish["name"]}" });
        }

        if (Head is null || !path.Contains("owner/name", StringComparison.Ordinal))
        {
            return new(404, [], Headers: ("X-Error-Code", "RepoNotFound"));
        }

        return path.TrimStart('/').Split('/') switch
        {
            ["api", "models", _, _, "revision", var revision] when Find(revision) is { } commit => Json(Information(commit)),
            ["api", "models", _, _, "revision", _] => new(404, [], Headers: ("X-Error-Code", "RevisionNotFound")),
            ["api", "models", _, _, "tree", var revision] => Tree(Find(revision)!, asked),
            ["api", "models", _, _, "preupload", "main"] => Preupload(JsonNode.Parse(asked.Body)!),
            ["api", "models", _, _, "commit", "main"] => Commit(Encoding.UTF8.GetString(asked.Body)),
            ["owner", "name.git", "info", "lfs", "objects", "batch"] => Batch(JsonNode.Parse(asked.Body)!),
            ["owner", "name.git", "verify"] => Verify(JsonNode.Parse(asked.Body)!),
            ["owner", "name.git", "complete"] => Complete(JsonNode.Parse(asked.Body)!),
            ["owner", "name", "resolve", var revision, .. var file] => Resolve(Find(revision)!, string.Join('/', file), asked),
            _ => new(404, []),
        };
    }

    private JsonObject Information(string commit) => new()
    {
        ["id"] = "owner/name",
        ["sha"] = commit,
        ["private"] = IsPrivate,
        ["siblings"] = new JsonArray([.. commits[commit].Keys.Select(file => (JsonNode)new JsonObject { ["rfilename"] = file })]),
    };

    private string? Find(string revision) => revision == "main" ? Head : commits.ContainsKey(revision) ? revision : null;

    private Answer Tree(string commit, Asked asked)
    {
        if (Listing is not null)
        {
            return new(200, Encoding.UTF8.GetBytes(Listing));
        }

        var from = asked.Path.Split("cursor=") is [_, var cursor] ? int.Parse(cursor, CultureInfo.InvariantCulture) : 0;
        var files = commits[commit].OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        var page = files.Skip(from).Take(PageSize).Select(pair => (JsonNode)Entry(pair.Key, pair.Value.Content, pair.Value.IsLarge));
        return Json(
            new JsonArray([new JsonObject { ["type"] = "directory", ["path"] = "onnx", ["oid"] = new string('0', 40), ["size"] = 0 }, .. page]),
            200,
            from + PageSize < files.Count
                ? [("Link", $"<{Address}{asked.Path.TrimStart('/').Split("&cursor")[0]}&cursor={from + PageSize}>; rel=\"next\"")]
                : []);
    }

    private static JsonObject Entry(string path, byte[] content, bool isLarge)
    {
        var entry = new JsonObject { ["type"] = "file", ["path"] = path, ["size"] = content.Length, ["oid"] = GitHash(content) };
        if (isLarge)
        {
            entry["lfs"] = new JsonObject { ["oid"] = Sha256(content), ["size"] = content.Length, ["pointerSize"] = 130 };
        }

        return entry;
    }

    private static Answer Preupload(JsonNode asked) => Json(new JsonObject
    {
        ["files"] = new JsonArray([.. asked["files"]!.AsArray().Select(file => (JsonNode)new JsonObject
        {
            ["path"] = file!["path"]!.GetValue<string>(),
            ["uploadMode"] = IsLarge(file["size"]!.GetValue<long>(), file["path"]!.GetValue<string>()) ? "lfs" : "regular",
            ["shouldIgnore"] = file["path"]!.GetValue<string>() == "calibration.json" && file["size"]!.GetValue<long>() == 13,
        })]),
    });

    private Answer Batch(JsonNode asked) => Json(new JsonObject
    {
        ["transfer"] = "basic",
        ["objects"] = new JsonArray([.. asked["objects"]!.AsArray().Select(one => (JsonNode)Action(one!["oid"]!.GetValue<string>(), one["size"]!.GetValue<long>()))]),
    });

    private JsonObject Action(string oid, long size)
    {
        var answer = new JsonObject { ["oid"] = oid, ["size"] = size };
        if (Acknowledged.Contains(oid))
        {
            return answer;
        }

        var verify = new JsonObject { ["href"] = $"{Address}owner/name.git/verify", ["header"] = new JsonObject { ["x-verify"] = oid } };
        var expiry = ExpiredUploads-- > 0 ? "expired" : "valid";
        var upload = new JsonObject { ["href"] = $"{store.Address}{oid}?{expiry}", ["header"] = new JsonObject { ["x-signed"] = "signature" } };
        if (PartBytes is { } bytes)
        {
            var count = (int)((size + bytes - 1) / bytes);
            var header = new JsonObject { ["chunk_size"] = bytes.ToString(CultureInfo.InvariantCulture) };
            foreach (var number in Enumerable.Range(1, count).Reverse())
            {
                header[number.ToString("000", CultureInfo.InvariantCulture)] = $"{store.Address}{oid}/{number}?{expiry}";
            }

            parts[oid] = [.. Enumerable.Range(0, count).Select(_ => (byte[])[])];
            upload = new JsonObject { ["href"] = $"{Address}owner/name.git/complete", ["header"] = header };
        }

        answer["actions"] = new JsonObject { ["upload"] = upload, ["verify"] = verify };
        return answer;
    }

    private Answer Store(Asked asked)
    {
        var way = asked.Path.TrimStart('/').Split('?')[0].Split('/');
        if (asked.Method == "GET")
        {
            var content = commits.Values.SelectMany(files => files.Values).First(file => Sha256(file.Content) == way[0]).Content;
            return FakeHub.Part(asked, content);
        }

        if (asked.Path.EndsWith("expired", StringComparison.Ordinal))
        {
            return new(403, []);
        }

        if (Acknowledged.Contains(way[0]))
        {
            SentAgain.Enqueue(way[0]);
        }

        if (way is [var oid, var number])
        {
            parts[oid][int.Parse(number, CultureInfo.InvariantCulture) - 1] = asked.Body;
            return new(200, [], Headers: ("ETag", $"\"part-{number}\""));
        }

        arrived[way[0]] = asked.Body;
        return new(200, []);
    }

    private Answer Complete(JsonNode asked)
    {
        var oid = asked["oid"]!.GetValue<string>();
        var etags = asked["parts"]!.AsArray().Select(part => $"{part!["partNumber"]}{part["etag"]}");
        if (!etags.SequenceEqual(Enumerable.Range(1, parts[oid].Count).Select(i => $"{i}\"part-{i}\"")))
        {
            return new(400, []);
        }

        arrived[oid] = [.. parts[oid].SelectMany(part => part)];
        return new(200, []);
    }

    private Answer Verify(JsonNode asked)
    {
        var oid = asked["oid"]!.GetValue<string>();
        if (!arrived.TryGetValue(oid, out var content) || Sha256(content) != oid || content.Length != asked["size"]!.GetValue<long>())
        {
            return new(422, []);
        }

        Acknowledged.Enqueue(oid);
        return new(LostAnswers-- > 0 ? Answer.NoAnswer : 200, []);
    }

    private Answer Commit(string lines)
    {
        var next = new Dictionary<string, (byte[] Content, bool IsLarge)>(commits[Head!]);
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!))
        {
            var value = line["value"]!;
            switch (line["key"]!.GetValue<string>())
            {
                case "header" when value["parentCommit"] is { } parent && parent.GetValue<string>() != Head:
                    return new(412, []);
                case "file":
                    next[value["path"]!.GetValue<string>()] = (Convert.FromBase64String(value["content"]!.GetValue<string>()), false);
                    break;
                case "lfsFile" when !Acknowledged.Contains(value["oid"]!.GetValue<string>()):
                    return new(400, [], Headers: ("X-Error-Message", "a large file is missing"));
                case "lfsFile":
                    next[value["path"]!.GetValue<string>()] = (arrived[value["oid"]!.GetValue<string>()], true);
                    break;
                case "deletedFile":
                    next.Remove(value["path"]!.GetValue<string>());
                    break;
            }
        }

        Commit(new Dictionary<string, byte[]>());
        commits[Head!] = next;
        Pushes++;
        return Json(new JsonObject { ["success"] = true, ["commitOid"] = Head, ["commitUrl"] = $"{Address}owner/name/commit/{Head}" });
    }

    private Answer Resolve(string commit, string file, Asked asked)
    {
        if (!commits[commit].TryGetValue(file, out var found))
        {
            return new(404, [], Headers: ("X-Error-Code", "EntryNotFound"));
        }

        return found.IsLarge
            ? new(302, [], Headers: [
                ("X-Repo-Commit", commit), ("X-Linked-Etag", $"\"{Sha256(found.Content)}\""), ("X-Linked-Size", $"{found.Content.Length}"),
                ("Location", $"{store.Address}{Sha256(found.Content)}?signature=secret")])
            : FakeHub.Part(asked, found.Content) with { Headers = [("X-Repo-Commit", commit), ("ETag", $"\"{GitHash(found.Content)}\"")] };
    }
}
