using System.Security.Cryptography;
using StepDistill.Hub;
using StepDistill.Tests.Runs;

namespace StepDistill.Tests.Hub;

public sealed class HubClientTests : IDisposable
{
    private const string Weights = "model.safetensors";

    private readonly TemporaryFolder folder = new();
    private readonly FakeHub hub = new();
    private readonly Waits progress = new();

    public void Dispose()
    {
        hub.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task What_a_student_needs_comes_in_the_layout_of_the_hub_s_own_tools()
    {
        var snapshot = await FetchAsync();

        Assert.Equal(Path.Combine(Home, "snapshots", FakeHub.Commit), snapshot);
        foreach (var file in (string[])["config.json", "spiece.model", Weights])
        {
            Assert.Equal(hub.Files[file], File.ReadAllBytes(Path.Combine(snapshot, file)));
        }

        Assert.False(File.Exists(Path.Combine(snapshot, "flax_model.msgpack")));
        Assert.Equal(FakeHub.Commit, File.ReadAllText(Path.Combine(Home, "refs", "main")));
        var blob = Convert.ToHexStringLower(SHA256.HashData(hub.Files[Weights]));
        Assert.Equal($"../../blobs/{blob}", File.ResolveLinkTarget(Path.Combine(snapshot, Weights), returnFinalTarget: false) is { } link
            ? Path.GetRelativePath(snapshot, link.FullName) : null);
        Assert.Equal(3, Directory.GetFiles(Path.Combine(Home, "blobs")).Length);
        Assert.Contains(progress.Reports, report => report.File == Weights && report.Done == 300_000 && report.Total == 300_000);
    }

    [Fact]
    public async Task A_second_time_nothing_is_downloaded()
    {
        await FetchAsync();
        var (asked, stored) = (hub.HubLog.Count(), hub.StoreLog.Count());
        await FetchAsync();

        Assert.All(hub.HubLog.Skip(asked), request => Assert.Equal("HEAD", request.Method));
        Assert.Equal(stored, hub.StoreLog.Count());
    }

    [Fact]
    public async Task A_download_that_breaks_off_goes_on_where_it_stopped()
    {
        hub.Faults.Enqueue((asked, content) => FakeHub.Part(asked, content, cutAt: 100_000));
        hub.Faults.Enqueue((asked, content) => FakeHub.Part(asked, content, cutAt: 50_000));

        var snapshot = await FetchAsync();

        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(snapshot, Weights)));
        Assert.Equal([0, 100_000, 150_000], hub.StoreLog.Select(asked => asked.From));
        Assert.Equal(2, progress.Reports.Count(report => report.Waiting is not null));
    }

    [Fact]
    public async Task A_download_that_was_given_up_goes_on_in_the_next_run()
    {
        for (var i = 0; i < 20; i++)
        {
            hub.Faults.Enqueue((asked, content) => FakeHub.Part(asked, content, cutAt: asked.From == 0 ? 100_000 : 0));
        }

        var error = await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync());
        Assert.Contains("at 100000 of 300000 bytes", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Home, "refs", "main")));
        hub.Faults.Clear();
        var before = hub.StoreLog.Count();
        var snapshot = await FetchAsync();

        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(snapshot, Weights)));
        Assert.Equal([100_000L], hub.StoreLog.Skip(before).Select(asked => asked.From));
    }

    [Fact]
    public async Task A_store_that_knows_no_parts_sends_the_whole_again()
    {
        hub.Faults.Enqueue((asked, content) => FakeHub.Part(asked, content, cutAt: 100_000));
        hub.Faults.Enqueue((_, content) => new Answer(200, content));

        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(await FetchAsync(), Weights)));
    }

    [Fact]
    public async Task What_an_earlier_run_left_wrong_is_thrown_away()
    {
        Directory.CreateDirectory(Path.Combine(Home, "blobs"));
        File.WriteAllBytes(
            Path.Combine(Home, "blobs", Convert.ToHexStringLower(SHA256.HashData(hub.Files[Weights])) + ".incomplete"), new byte[1000]);

        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(await FetchAsync(), Weights)));
        Assert.Equal([1000, 0], hub.StoreLog.Select(asked => asked.From));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData(Weights)]
    public async Task A_wrong_checksum_is_refused_and_nothing_is_left(string file)
    {
        Answer Wrong(byte[] content) => new(200, [.. content[..^1], (byte)(content[^1] ^ 1)]);
        hub.Faults.Enqueue((_, content) => Wrong(content));
        hub.HubFaults.Enqueue(_ => null);
        hub.HubFaults.Enqueue(asked => file == "config.json" && asked.Method == "GET" ? Wrong(hub.Files[file]) : null);

        var error = await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync());

        Assert.Contains($"{file} of owner/name arrived with another checksum", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(Path.Combine(Home, "blobs")), path => path.EndsWith(".incomplete", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(Home, "snapshots")) && File.Exists(Path.Combine(Home, "snapshots", FakeHub.Commit, file)));
    }

    [Fact]
    public async Task More_bytes_than_stated_are_refused()
    {
        hub.Faults.Enqueue((_, content) => new Answer(200, [.. content, 0]));

        Assert.Contains("larger than the 300000 bytes", (await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_never_to_another_host()
    {
        await FetchAsync(settings => settings with { Token = "hf_secret" });

        Assert.NotEmpty(hub.StoreLog);
        Assert.All(hub.HubLog, asked => Assert.Equal("Bearer hf_secret", asked.Headers["authorization"]));
        Assert.All(hub.StoreLog, asked => Assert.False(asked.Headers.ContainsKey("authorization")));
    }

    [Fact]
    public async Task The_token_is_in_no_message()
    {
        var settings = Settings with { Token = "hf_secret" };
        hub.HubFaults.Enqueue(_ => new Answer(401, []));
        var error = await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync(_ => settings));

        Assert.DoesNotContain("hf_secret", error + settings.ToString(), StringComparison.Ordinal);
        Assert.Contains("does not accept HF_TOKEN", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "", "set HF_TOKEN")]
    [InlineData(403, "GatedRepo", "Accept its terms at")]
    [InlineData(404, "RepoNotFound", "There is no owner/name")]
    [InlineData(404, "RevisionNotFound", "no revision 'main'")]
    [InlineData(404, "EntryNotFound", "has no config.json")]
    public async Task A_refusal_is_told_with_what_to_do(int status, string code, string said)
    {
        hub.HubFaults.Enqueue(_ => new Answer(status, [], Headers: ("X-Error-Code", code)));

        Assert.Contains(said, (await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync())).Message, StringComparison.Ordinal);
        Assert.Single(hub.HubLog);
    }

    [Theory]
    [InlineData(429, "asks for fewer requests")]
    [InlineData(500, "answered 500")]
    [InlineData(503, "answered 503")]
    public async Task A_passing_fault_is_waited_for_and_a_lasting_one_told(int status, string said)
    {
        hub.HubFaults.Enqueue(_ => new Answer(status, []));
        await FetchAsync();
        for (var i = 0; i < 10; i++)
        {
            hub.HubFaults.Enqueue(_ => new Answer(status, []));
        }

        Assert.Contains(said, (await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync(
            settings => settings with { CacheFolder = folder["other"] }))).Message, StringComparison.Ordinal);
        Assert.Contains(progress.Reports, report => report.Waiting?.Contains($"answered {status}", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task The_hub_s_wish_to_wait_is_granted_within_reason()
    {
        hub.HubFaults.Enqueue(_ => new Answer(429, [], Headers: ("Retry-After", "7")));
        hub.HubFaults.Enqueue(_ => new Answer(429, [], Headers: ("Retry-After", "86400")));

        await FetchAsync();

        Assert.Equal(
            ["the hub answered 429; trying again in 7 s", "the hub answered 429; trying again in 60 s"],
            progress.Reports.Select(report => report.Waiting).OfType<string>());
    }

    [Fact]
    public async Task A_student_that_moved_is_followed_on_the_same_host()
    {
        hub.HubFaults.Enqueue(asked => new Answer(307, [], Headers: ("Location", asked.Path)));

        Assert.True(File.Exists(Path.Combine(await FetchAsync(), Weights)));
    }

    [Theory]
    [InlineData("file:///etc/passwd", "not safe")]
    [InlineData("ftp://example.org/x", "not safe")]
    [InlineData("/owner/name/resolve/main/config.json", "in circles")]
    public async Task A_redirect_that_leads_astray_is_not_followed(string location, string said)
    {
        for (var i = 0; i < 20; i++)
        {
            hub.HubFaults.Enqueue(_ => new Answer(302, [], Headers: ("Location", location)));
        }

        Assert.Contains(said, (await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../../outside", FakeHub.Commit)]
    [InlineData("..", FakeHub.Commit)]
    [InlineData("abc", "../../outside")]
    public async Task Names_from_the_hub_cannot_lead_out_of_the_cache(string etag, string commit)
    {
        hub.HubFaults.Enqueue(_ => new Answer(200, [1], Headers: [("ETag", $"\"{etag}\""), ("X-Repo-Commit", commit)]));

        Assert.Contains("it is not a hub", (await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync())).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path, "*outside*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Weights_in_parts_come_whole_and_by_plain_names_only()
    {
        hub.Files.Remove(Weights);
        hub.Files["pytorch_model.bin.index.json"] = """{"weight_map": {"a": "part-1.bin", "b": "part-2.bin"}}"""u8.ToArray();
        hub.Files["part-1.bin"] = [1];
        hub.Files["part-2.bin"] = [2];
        var snapshot = await FetchAsync();
        Assert.True(File.Exists(Path.Combine(snapshot, "part-1.bin")) && File.Exists(Path.Combine(snapshot, "part-2.bin")));

        hub.Files["pytorch_model.bin.index.json"] = """{"weight_map": {"a": "../../../../escaped"}}"""u8.ToArray();
        Assert.Contains(
            "Do not use this model",
            (await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync(settings => settings with { CacheFolder = folder["other"] }))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Older_weights_are_taken_where_there_are_no_others()
    {
        hub.Files["pytorch_model.bin"] = hub.Files[Weights];
        hub.Files.Remove(Weights);
        Assert.True(File.Exists(Path.Combine(await FetchAsync(), "pytorch_model.bin")));

        hub.Files.Remove("pytorch_model.bin");
        var error = await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync(settings => settings with { CacheFolder = folder["other"] }));
        Assert.Contains("no weights that can be read here", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offline_the_cache_is_all_there_is()
    {
        var error = await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync(settings => settings with { Offline = true }));
        Assert.Contains("HF_HUB_OFFLINE", error.Message, StringComparison.Ordinal);
        Assert.Empty(hub.HubLog);

        var snapshot = await FetchAsync();
        var asked = hub.HubLog.Count();
        Assert.Equal(snapshot, await FetchAsync(settings => settings with { Offline = true }));
        Assert.Equal(asked, hub.HubLog.Count());

        File.Delete(Path.Combine(snapshot, Weights));
        await Assert.ThrowsAsync<StepDistillException>(() => FetchAsync(settings => settings with { Offline = true }));
    }

    [Fact]
    public async Task Without_a_connection_the_cache_stands_in()
    {
        var snapshot = await FetchAsync();
        hub.Dispose();

        Assert.Equal(snapshot, await FetchAsync());
        Assert.Contains(
            "cannot be reached",
            (await Assert.ThrowsAnyAsync<StepDistillException>(() => FetchAsync(settings => settings with { CacheFolder = folder["other"] }))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_commit_that_is_in_the_cache_needs_no_question()
    {
        await FetchAsync();
        var asked = hub.HubLog.Count();
        using var client = new HubClient(Settings, new HurriedClock());

        await client.FetchAsync(new HubName("owner/name", FakeHub.Commit), cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(asked, hub.HubLog.Count());
    }

    [Fact]
    public async Task Several_at_once_download_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => FetchAsync()));

        Assert.Single(hub.StoreLog);
    }

    [Fact]
    public async Task A_folder_is_found_and_what_is_neither_is_told()
    {
        using var client = new HubClient(Settings, new HurriedClock());
        Assert.Equal(folder.Path, await client.LocateAsync(folder.Path, cancellation: TestContext.Current.CancellationToken));
        var error = await Assert.ThrowsAsync<StepDistillException>(
            () => client.LocateAsync("./no/such/folder", cancellation: TestContext.Current.CancellationToken));

        Assert.Contains("There is no folder ./no/such/folder", error.Message, StringComparison.Ordinal);
        Assert.Empty(hub.HubLog);
    }

    private string Home => folder["models--owner--name"];

    private HubSettings Settings => new() { Endpoint = hub.Address, CacheFolder = folder.Path };

    private async Task<string> FetchAsync(Func<HubSettings, HubSettings>? change = null)
    {
        using var client = new HubClient(change?.Invoke(Settings) ?? Settings, new HurriedClock());
        return await client.LocateAsync("owner/name", progress, TestContext.Current.CancellationToken);
    }
}
