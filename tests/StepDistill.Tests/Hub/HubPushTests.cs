using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using StepDistill.Hub;

namespace StepDistill.Tests.Hub;

public sealed partial class HubPushTests : IDisposable
{
    private readonly PublishedStudent published = new();

    private RepositoryHub Hub => published.Hub;

    public void Dispose() => published.Dispose();

    [Fact]
    public async Task A_student_appears_whole_in_one_commit()
    {
        published.Make(1, ("onnx/encoder.onnx", 5000), ("calibration.json", 40));

        var pushed = await published.PushAsync(new() { Message = "First" });

        AssertSame(published);
        Assert.Equal(1, Hub.Pushes);
        Assert.True(pushed.WasCreated);
        Assert.Equal((Hub.Head, $"{Hub.Address}owner/name"), (pushed.Commit, pushed.Page.ToString()));
        Assert.False(Hub.IsPrivate);
        var header = Encoding.UTF8.GetString(Hub.HubLog.Single(asked => asked.Path.Contains("/commit/", StringComparison.Ordinal)).Body).Split('\n')[0];
        Assert.Equal("First", JsonNode.Parse(header)!["value"]!["summary"]!.GetValue<string>());
        Assert.Equal(
            pushed.Files.Where(file => file.Size > RepositoryHub.LargeFrom || file.Path == "model.safetensors").Select(file => file.Sha256).Order(),
            Hub.Acknowledged.Order());
    }

    [Fact]
    public async Task Pushed_again_nothing_is_sent_and_nothing_committed()
    {
        await published.Make(1).PushAsync();
        var (sent, head) = (Hub.StoreLog.Count(), Hub.Head);

        var again = await published.PushAsync();

        Assert.Equal((head, 1, sent, 0L, false), (again.Commit, Hub.Pushes, Hub.StoreLog.Count(), again.Uploaded, again.WasCreated));
        Assert.Equal(again.Files.Select(file => file.Path), again.Unchanged);
    }

    [Fact]
    public async Task A_new_student_takes_the_place_of_the_old_one_unmixed_and_leaves_the_rest()
    {
        await published.Make(1, ("onnx/encoder.onnx", 5000), ("onnx/old.onnx", 10)).PushAsync();
        Hub.Commit(new Dictionary<string, byte[]>(Hub.Files) { ["logo.png"] = [1], ["pytorch_model.bin"] = [2] });
        Directory.Delete(published.Student, recursive: true);
        published.Make(2, ("onnx/encoder.onnx", 5000));

        var pushed = await published.PushAsync();

        Assert.Equal(["onnx/old.onnx", "pytorch_model.bin"], pushed.Removed);
        Assert.Contains("config.json", pushed.Unchanged);
        Assert.Equal([1], Hub.Files["logo.png"]);
        AssertSame(published, "logo.png", ".gitattributes");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(7000)]
    [InlineData(20_000)]
    public async Task Large_files_go_in_one_piece_or_in_parts(int? bytes)
    {
        Hub.PartBytes = bytes;

        await published.Make(1, ("onnx/a.onnx", 7000)).PushAsync();

        AssertSame(published);
        Assert.Empty(Hub.SentAgain);
    }

    [Fact]
    public async Task The_key_goes_to_the_hub_alone_and_the_store_gets_what_was_meant_for_it()
    {
        await published.Make(1).PushAsync();

        Assert.All(Hub.HubLog.Where(asked => asked.Method == "POST"), asked => Assert.Equal("Bearer hf_secret", asked.Headers["authorization"]));
        Assert.NotEmpty(Hub.StoreLog);
        Assert.All(Hub.StoreLog, asked => Assert.False(asked.Headers.ContainsKey("authorization")));
        Assert.All(Hub.StoreLog, asked => Assert.Equal("signature", asked.Headers["x-signed"]));
        Assert.DoesNotContain("hf_secret", string.Join('\n', published.Progress.Reports), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_asks_nobody()
    {
        published.Make(1);
        File.WriteAllText(Path.Combine(published.Student, "notes.txt"), "x");

        var pushed = await published.PushAsync(new() { DryRun = true });

        Assert.Empty(Hub.HubLog);
        Assert.Null(pushed.Commit);
        Assert.Equal(["notes.txt"], pushed.LeftOut);
        Assert.Contains(pushed.Files, file => file.Path == "stepdistill.json");
    }

    [Fact]
    public async Task Offline_nothing_is_pushed_and_a_commit_is_no_branch()
    {
        published.Make(1);

        Assert.Contains("HF_HUB_OFFLINE forbids it", await published.PushFailsAsync(hub: published.Settings with { Offline = true }), StringComparison.Ordinal);
        using var client = new HubClient(published.Settings);
        foreach (var name in (HubName[])[new("owner/name", FakeHub.Commit), new("name")])
        {
            Assert.Contains(
                "must be OWNER/NAME, and a branch",
                (await Assert.ThrowsAsync<StepDistillException>(() => client.PushAsync(published.Student, name, cancellation: TestContext.Current.CancellationToken))).Message,
                StringComparison.Ordinal);
        }

        Assert.Empty(Hub.HubLog);
    }

    [Fact]
    public async Task A_name_that_other_systems_cannot_have_is_refused()
    {
        published.Make(1, ("onnx/what?.onnx", 10));

        Assert.Contains("has the file 'onnx/what?.onnx', whose name other systems cannot have", await published.PushFailsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_not_as_it_was_made_is_not_pushed()
    {
        published.Make(1);
        File.AppendAllText(Path.Combine(published.Student, "model.safetensors"), "x");

        Assert.Contains("model.safetensors has the SHA-256", await published.PushFailsAsync(), StringComparison.Ordinal);
        Assert.Empty(Hub.HubLog);
    }

    [Fact]
    public async Task Without_a_key_or_with_a_wrong_one_it_says_what_to_do_and_never_the_key()
    {
        published.Make(1);

        Assert.Contains("Set HF_TOKEN", await published.PushFailsAsync(hub: published.Settings with { Token = null }), StringComparison.Ordinal);
        var wrong = await published.PushFailsAsync(hub: published.Settings with { Token = "hf_wrong" });
        Assert.Contains("does not let this HF_TOKEN write", wrong, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_wrong", wrong, StringComparison.Ordinal);
        var odd = await published.PushFailsAsync(hub: published.Settings with { Token = "hf_odd\nx-evil: 1" });
        Assert.Contains("HF_TOKEN holds", odd, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_odd", odd, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_repeats_the_key_is_quoted_without_it()
    {
        published.Make(1);
        Hub.HubFaults.Enqueue(_ => new Answer(400, [], Headers: ("X-Error-Message", "hf_secret is odd")));

        var said = await published.PushFailsAsync();

        Assert.Contains("… is odd", said, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_secret", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_private_student_is_never_put_where_all_can_see_it()
    {
        await published.Make(1).PushAsync();
        Assert.Contains("is there and public", await published.PushFailsAsync(new() { Private = true }), StringComparison.Ordinal);

        using var other = new PublishedStudent();
        await other.Make(1).PushAsync(new() { Private = true });
        Assert.True(other.Hub.IsPrivate);
    }

    [Fact]
    public async Task A_key_that_may_make_no_repository_may_push_to_one_that_is_there()
    {
        published.Make(1);
        Hub.Commit(new Dictionary<string, byte[]>());
        Hub.HubFaults.Enqueue(_ => new Answer(403, []));
        await published.PushAsync();
        AssertSame(published);

        using var other = new PublishedStudent();
        other.Make(1).Hub.HubFaults.Enqueue(_ => new Answer(403, []));
        Assert.Contains("does not let this HF_TOKEN write", await other.PushFailsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_the_hub_would_leave_out_is_told()
    {
        published.Make(1, ("calibration.json", 13));

        Assert.Contains(".gitignore of owner/name leaves out calibration.json", await published.PushFailsAsync(), StringComparison.Ordinal);
        Assert.Equal(0, Hub.Pushes);
    }

    /// <summary>What is pushed comes back byte by byte.</summary>
    [Fact]
    public void Pushed_and_pulled_a_folder_has_the_same_bytes() => Gen.Select(
        Gen.Int[0, 1000],
        Gen.Select(
            Gen.OneOf("onnx/encoder.onnx", "onnx/decoder.onnx_data", "onnx/sub/x.json", "calibration.json", "cascade.json", "notes of mine.txt", "ärgernis.json"),
            Gen.OneOf(Gen.Int[0, 10], Gen.Int[1990, 2010], Gen.Int[0, 30_000])).Array[0, 5],
        Gen.OneOf(0, 1000, 4096)).Sample(
        (seed, files, part) =>
        {
            using var one = new PublishedStudent();
            one.Hub.PartBytes = part == 0 ? null : part;
            one.Make(seed, [.. files.DistinctBy(file => file.Item1).Where(file => file != ("calibration.json", 13))]);
            one.PushAsync().GetAwaiter().GetResult();
            var pulled = one.PullAsync().GetAwaiter().GetResult();
            AssertSame(PublishedStudent.Content(one.Student), PublishedStudent.Content(pulled.Folder));
            Assert.True(pulled.HasManifest);
        },
        iter: 25, threads: 1);

    private static void AssertSame(PublishedStudent student, params string[] besides) => AssertSame(
        PublishedStudent.Content(student.Student),
        student.Hub.Files.Where(pair => pair.Key != ".gitattributes" && !besides.Contains(pair.Key)).ToDictionary());

    private static void AssertSame(IReadOnlyDictionary<string, byte[]> expected, IReadOnlyDictionary<string, byte[]> found)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, pair => Assert.Equal(pair.Value, found[pair.Key]));
    }
}
