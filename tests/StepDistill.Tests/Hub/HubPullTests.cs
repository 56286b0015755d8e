using System.Text;
using StepDistill.Hub;
using StepDistill.Students;

namespace StepDistill.Tests.Hub;

public sealed class HubPullTests : IDisposable
{
    private const string Hash = "0123456789abcdef0123456789abcdef01234567";

    private readonly PublishedStudent published = new();

    private RepositoryHub Hub => published.Hub;

    public void Dispose() => published.Dispose();

    [Fact]
    public async Task A_whole_student_comes_and_nothing_else()
    {
        await published.Make(1, ("onnx/encoder.onnx", 5000), ("calibration.json", 30)).PushAsync();
        Hub.Commit(new Dictionary<string, byte[]>(Hub.Files) { ["flax_model.msgpack"] = [1], ["pytorch_model.bin"] = [2], ["images/logo.png"] = [3] });

        var pulled = await published.PullAsync();

        Assert.Equal(PublishedStudent.Content(published.Student).Keys.Order(StringComparer.Ordinal), PublishedStudent.Content(pulled.Folder).Keys.Order(StringComparer.Ordinal));
        StudentFolder.Open(pulled.Folder, verify: true);
        Assert.Equal(Hub.Head, pulled.Commit);
        Assert.Equal([".gitattributes", "flax_model.msgpack", "images/logo.png", "pytorch_model.bin"], pulled.LeftOut);
        Assert.False(Directory.Exists(published.Folder["pulled.incomplete"]));
    }

    [Fact]
    public async Task Published_weights_without_a_manifest_come_too()
    {
        await published.Make(1).PushAsync();
        Hub.Commit(Hub.Files.Where(pair => pair.Key != "stepdistill.json").ToDictionary());

        var pulled = await published.PullAsync();

        Assert.False(pulled.HasManifest);
        Assert.Null(StudentFolder.Open(pulled.Folder).Manifest);
    }

    [Fact]
    public async Task An_older_commit_can_be_pulled()
    {
        var first = await published.Make(1).PushAsync();
        Directory.Delete(published.Student, recursive: true);
        await published.Make(2).PushAsync();

        await published.PullAsync("new");
        await published.PullAsync("old", new HubName("owner/name", first.Commit!));

        Assert.NotEqual(File.ReadAllBytes(published.Folder["old/model.safetensors"]), File.ReadAllBytes(published.Folder["new/model.safetensors"]));
    }

    [Fact]
    public async Task Pulled_again_nothing_comes_and_another_folder_is_left_alone()
    {
        await published.Make(1).PushAsync();
        await published.PullAsync();
        var sent = Hub.StoreLog.Count();

        Assert.True((await published.PullAsync()).WasThere);
        Assert.Equal(sent, Hub.StoreLog.Count());

        File.AppendAllText(published.Folder["pulled/config.json"], " ");
        Assert.Contains("is not owner/name as the hub has it", await published.PullFailsAsync(), StringComparison.Ordinal);
        Assert.EndsWith(" ", File.ReadAllText(published.Folder["pulled/config.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_folder_is_filled_and_one_that_another_pull_fills_is_not()
    {
        await published.Make(1).PushAsync();
        Directory.CreateDirectory(published.Folder["pulled"]);
        Directory.CreateDirectory(published.Folder["pulled.incomplete"]);
        using (new FileStream(published.Folder["pulled.incomplete/lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Contains("Another pull is filling", await published.PullFailsAsync(), StringComparison.Ordinal);
        }

        Assert.Contains("config.json", (await published.PullAsync()).Files);
    }

    [Fact]
    public async Task Offline_nothing_is_pulled()
    {
        using var client = new HubClient(published.Settings with { Offline = true });

        var error = await Assert.ThrowsAsync<StepDistillException>(() => client.PullAsync(
            PublishedStudent.Name, published.Folder["pulled"], cancellation: TestContext.Current.CancellationToken));

        Assert.Contains("HF_HUB_OFFLINE forbids", error.Message, StringComparison.Ordinal);
        Assert.Empty(Hub.HubLog);
    }

    [Fact]
    public async Task A_pull_that_is_cut_goes_on_where_it_stopped()
    {
        await published.Make(1).PushAsync();
        var before = Hub.StoreLog.Count();
        Hub.StoreFaults.Enqueue(asked => FakeHub.Part(asked, Hub.Files["model.safetensors"], cutAt: 5000));
        for (var i = 0; i < 5; i++)
        {
            Hub.StoreFaults.Enqueue(asked => FakeHub.Part(asked, Hub.Files["model.safetensors"], cutAt: 0));
        }

        Assert.Contains("What is here is kept", await published.PullFailsAsync(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(published.Folder["pulled"]));
        var cut = Hub.StoreLog.Count();
        await published.PullAsync();

        Assert.Equal(0, Hub.StoreLog.ElementAt(before).From);
        Assert.Equal(5000, Hub.StoreLog.ElementAt(cut).From);
        StudentFolder.Open(published.Folder["pulled"], verify: true);
    }

    /// <summary>Stopped anywhere, there is the whole folder or none, and the next run ends with the whole one.</summary>
    [Fact]
    public async Task A_pull_that_is_stopped_anywhere_leaves_all_or_nothing()
    {
        await published.Make(1, ("onnx/a.onnx", 9000)).PushAsync();
        for (var after = 1; after <= 30; after++)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            var left = after;
            Hub.Watch = () =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    stop.Cancel();
                }
            };
            var folder = $"pulled-{after}";
            var stopped = await Record.ExceptionAsync(() => published.PullAsync(folder, stop: stop.Token));
            Hub.Watch = null;

            Assert.True(stopped is null or OperationCanceledException, stopped?.ToString());
            Assert.Equal(stopped is null, Directory.Exists(published.Folder[folder]));
            await published.PullAsync(folder);
            StudentFolder.Open(published.Folder[folder], verify: true);
        }
    }

    [Fact]
    public async Task What_an_earlier_run_left_of_another_commit_is_not_mixed_in()
    {
        await published.Make(1, ("onnx/old.onnx", 100)).PushAsync();
        for (var i = 0; i < 20; i++)
        {
            Hub.StoreFaults.Enqueue(_ => new Answer(404, []));
        }

        await published.PullFailsAsync();
        Assert.True(File.Exists(published.Folder["pulled.incomplete/student/config.json"]));
        Hub.StoreFaults.Clear();
        File.WriteAllText(published.Folder["pulled.incomplete/student/stray.onnx"], "x");
        Directory.Delete(published.Student, recursive: true);
        await published.Make(2).PushAsync();

        await published.PullAsync();

        Assert.Equal(PublishedStudent.Content(published.Student).Keys.Order(StringComparer.Ordinal), PublishedStudent.Content(published.Folder["pulled"]).Keys.Order(StringComparer.Ordinal));
        StudentFolder.Open(published.Folder["pulled"], verify: true);
    }

    [Fact]
    public async Task Another_content_than_the_hub_states_is_refused()
    {
        await published.Make(1).PushAsync();
        Hub.StoreFaults.Enqueue(asked => new Answer(200, [.. Hub.Files["model.safetensors"][..^1], 0]));

        Assert.Contains("model.safetensors of owner/name arrived with another checksum", await published.PullFailsAsync(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(published.Folder["pulled"]));
    }

    [Fact]
    public async Task Another_content_than_the_manifest_states_is_refused_and_thrown_away()
    {
        await published.Make(1).PushAsync();
        Hub.Commit(new Dictionary<string, byte[]>(Hub.Files) { ["model.safetensors"] = [.. Hub.Files["model.safetensors"], 1] });

        var said = await published.PullFailsAsync();

        Assert.Contains("model.safetensors has the SHA-256", said, StringComparison.Ordinal);
        Assert.DoesNotContain("incomplete", said, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(published.Folder.Path, "pulled*"));
    }

    [Fact]
    public async Task A_file_that_the_manifest_names_and_the_hub_lacks_is_told()
    {
        await published.Make(1, ("extra.txt", 10)).PushAsync();
        Hub.Commit(Hub.Files.Where(pair => pair.Key != "extra.txt").ToDictionary());

        Assert.Contains("lacks extra.txt, which its stepdistill.json names", await published.PullFailsAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/outside")]
    [InlineData("onnx/../../outside")]
    [InlineData("onnx\\\\..\\\\outside")]
    [InlineData("C:/outside")]
    [InlineData("onnx//outside")]
    [InlineData("./outside")]
    [InlineData("onnx/outside\\u0000.onnx")]
    [InlineData("outside\\nx")]
    public async Task A_listing_that_leads_out_of_the_folder_is_refused(string path)
    {
        await published.Make(1).PushAsync();
        Hub.Listing = $$"""[{{Entry("config.json")}}, {{Entry(path)}}]""";

        Assert.Contains("leads out of a folder", await published.PullFailsAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(published.Folder.Path, "pulled*"));
    }

    [Theory]
    [InlineData("""{"type": "symlink", "path": "model.safetensors", "oid": "0123456789abcdef0123456789abcdef01234567", "size": 1}""", "as a symlink")]
    [InlineData("""{"type": "file", "path": "README.md", "oid": "abc", "size": 1}""", "without a hash")]
    [InlineData("""{"type": "file", "path": "README.md", "oid": "../../../../../../../../../../../../etc/pass", "size": 1}""", "without a hash")]
    [InlineData("""{"type": "file", "path": "README.md", "oid": "0123456789abcdef0123456789abcdef01234567", "size": -1}""", "without a hash and a size")]
    [InlineData("""{"type": "file", "path": "README.md", "oid": "0123456789abcdef0123456789abcdef01234567", "size": 1e99}""", "without a hash and a size")]
    [InlineData("""{"type": "file", "path": "Config.json", "oid": "0123456789abcdef0123456789abcdef01234567", "size": 1}""", "two spellings")]
    [InlineData("""{"type": "file", "path": "\ud800", "oid": "0123456789abcdef0123456789abcdef01234567", "size": 1}""", "without type and path")]
    [InlineData("""{"type": "file"}""", "without type and path")]
    [InlineData("7", "without type and path")]
    public async Task A_listing_that_no_hub_gives_is_refused(string entry, string said)
    {
        await published.Make(1).PushAsync();
        Hub.Listing = $"[{Entry("config.json")}, {entry}]";

        Assert.Contains(said, await published.PullFailsAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(published.Folder.Path, "pulled*"));
    }

    [Theory]
    [InlineData(10_001, "img", "more than 10000 files")]
    [InlineData(9_000, "onnx", "9001 files that could be a student's")]
    public async Task A_listing_without_end_is_refused(int count, string folder, string said)
    {
        await published.Make(1).PushAsync();
        Hub.Listing = $"[{Entry("config.json")}, {string.Join(", ", Enumerable.Range(0, count).Select(i => Entry($"{folder}/{i}.onnx")))}]";

        Assert.Contains(said, await published.PullFailsAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.org/api", "another host")]
    [InlineData("SAME", "more than 500 pages")]
    public async Task Pages_that_lead_astray_are_not_followed(string next, string said)
    {
        await published.Make(1).PushAsync();
        Hub.HubFaults.Enqueue(_ => null);
        for (var i = 0; i < 600; i++)
        {
            Hub.HubFaults.Enqueue(asked => new Answer(200, Encoding.UTF8.GetBytes("[]"), Headers: (
                "Link", $"<{(next == "SAME" ? asked.Path : next)}>; rel=\"next\"")));
        }

        Assert.Contains(said, await published.PullFailsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_student_or_not_there_is_told()
    {
        Assert.Contains("There is no owner/name", await published.PullFailsAsync(), StringComparison.Ordinal);
        Hub.Commit(new Dictionary<string, byte[]> { ["data.csv"] = [1] });
        Assert.Contains("has no config.json", await published.PullFailsAsync(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<StepDistillException>(() => published.PullAsync(name: new HubName("owner/name", "v9")));
        File.WriteAllText(published.Folder["pulled"], "x");
        Assert.Contains("is a file", await published.PullFailsAsync(), StringComparison.Ordinal);
    }

    private static string Entry(string path) => $$"""{"type": "file", "path": "{{path}}", "oid": "{{Hash}}", "size": 1}""";
}
