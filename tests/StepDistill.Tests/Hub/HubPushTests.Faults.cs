using StepDistill.Hub;

namespace StepDistill.Tests.Hub;

public sealed partial class HubPushTests
{
    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_passing_fault_of_hub_or_store_is_waited_for(int status)
    {
        published.Make(1);
        for (var i = 0; i < 3; i++)
        {
            Hub.HubFaults.Enqueue(_ => new Answer(status, [], Headers: ("Retry-After", "7")));
            Hub.StoreFaults.Enqueue(_ => new Answer(status, [], Headers: ("Retry-After", "11")));
        }

        await published.PushAsync();

        AssertSame(published);
        Assert.Equal(1, Hub.Pushes);
        Assert.Contains(published.Progress.Reports, report => report.Waiting == $"the hub answered {status}; trying again in 7 s");
        Assert.Contains(published.Progress.Reports, report => report.Waiting?.EndsWith($"({status}); trying again in 11 s", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(7000)]
    public async Task An_upload_that_is_cut_begins_anew(int? parts)
    {
        Hub.PartBytes = parts;
        published.Make(1);
        Hub.UploadCuts.Enqueue(_ => 3000);
        Hub.UploadCuts.Enqueue(_ => 0);

        await published.PushAsync();

        AssertSame(published);
        Assert.Equal(2, published.Progress.Reports.Count(report => report.Waiting is not null));
    }

    [Fact]
    public async Task A_store_that_always_cuts_is_given_up_and_later_goes_on()
    {
        published.Make(1, ("onnx/a.onnx", 5000), ("onnx/b.onnx", 6000));
        Hub.UploadCuts.Enqueue(_ => null);
        for (var i = 0; i < 5; i++)
        {
            Hub.UploadCuts.Enqueue(_ => 1000);
        }

        var said = await published.PushFailsAsync();
        Assert.Contains("could not be sent for owner/name after 5 tries", said, StringComparison.Ordinal);
        Assert.Contains("Nothing was committed", said, StringComparison.Ordinal);
        Assert.Equal(0, Hub.Pushes);
        var before = Assert.Single(Hub.Acknowledged);

        await published.PushAsync();

        AssertSame(published);
        Assert.Empty(Hub.SentAgain);
        Assert.Equal(before, Hub.Acknowledged.First());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(7000)]
    public async Task An_address_that_has_expired_is_asked_for_anew(int? parts)
    {
        Hub.PartBytes = parts;
        Hub.ExpiredUploads = 2;

        await published.Make(1).PushAsync();

        AssertSame(published);
        Assert.Contains(published.Progress.Reports, report => report.Waiting?.Contains("(403)", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Bytes_that_did_not_arrive_as_they_were_sent_are_sent_again()
    {
        published.Make(1);
        Hub.StoreFaults.Enqueue(_ => new Answer(200, [])); // says yes and keeps nothing

        await published.PushAsync();

        AssertSame(published);
        Assert.Contains(published.Progress.Reports, report => report.Waiting?.Contains("does not find it as it was sent (422)", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task An_upload_whose_answer_was_lost_is_not_sent_again()
    {
        published.Make(1);
        Hub.LostAnswers = 5;

        await published.PushAsync();

        AssertSame(published);
        Assert.Equal(5, Hub.Acknowledged.Count(oid => oid == Hub.Acknowledged.First()));
        Assert.Equal(Hub.StoreLog.DistinctBy(asked => asked.Path).Count(), Hub.StoreLog.Count());
    }

    [Fact]
    public async Task A_change_by_somebody_else_meanwhile_is_not_overwritten()
    {
        await published.Make(1).PushAsync();
        Directory.Delete(published.Student, recursive: true);
        published.Make(2);
        AtCommit(asked =>
        {
            Hub.Commit(new Dictionary<string, byte[]>(Hub.Files) { ["README.md"] = "theirs"u8.ToArray() });
            return null;
        });

        var said = await published.PushFailsAsync();

        Assert.Contains("was changed by somebody else meanwhile", said, StringComparison.Ordinal);
        Assert.Equal("theirs"u8.ToArray(), Hub.Files["README.md"]);
        Assert.Equal(1, Hub.Pushes);
        await published.PushAsync();
        AssertSame(published);
    }

    [Theory]
    [InlineData(Answer.NoAnswer)]
    [InlineData(503)]
    public async Task A_commit_whose_answer_was_lost_is_found_and_not_made_twice(int status)
    {
        published.Make(1);
        AtCommit(asked => Hub.Do(asked, new Answer(status, [])));

        var pushed = await published.PushAsync();

        AssertSame(published);
        Assert.Equal((1, Hub.Head), (Hub.Pushes, pushed.Commit));
    }

    [Theory]
    [InlineData(Answer.NoAnswer)]
    [InlineData(503)]
    public async Task A_commit_that_was_not_made_is_made_again(int status)
    {
        published.Make(1);
        AtCommit(_ => new Answer(status, []));

        await published.PushAsync();

        AssertSame(published);
        Assert.Equal(1, Hub.Pushes);
        Assert.Empty(Hub.SentAgain);
    }

    [Fact]
    public async Task A_hub_that_lists_other_hashes_than_were_sent_is_not_trusted()
    {
        published.Make(1);
        var commit = false;
        Hub.Watch = () =>
        {
            if (Hub.Pushes == 1 && !commit)
            {
                commit = true;
                Hub.Commit(Hub.Files.ToDictionary(pair => pair.Key, pair => pair.Key == "config.json" ? [9] : pair.Value));
                Hub.HubFaults.Enqueue(asked => new Answer(200, System.Text.Encoding.UTF8.GetBytes(
                    """[{"type": "file", "path": "config.json", "size": 3, "oid": "0123456789abcdef0123456789abcdef01234567"}]""")));
            }
        };

        var said = await published.PushFailsAsync();

        Assert.Contains("the hub lists other contents for", said, StringComparison.Ordinal);
        Assert.Contains("config.json", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    public async Task A_file_that_is_written_meanwhile_is_not_committed(string file)
    {
        published.Make(1);
        var done = false;
        Hub.Watch = () =>
        {
            if (!Hub.Acknowledged.IsEmpty && !done)
            {
                done = true;
                File.AppendAllText(Path.Combine(published.Student, file), " ");
            }
        };

        Assert.Contains("was written while it was being pushed", await published.PushFailsAsync(), StringComparison.Ordinal);
        Assert.Equal(0, Hub.Pushes);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://example.org/x")]
    [InlineData("no address")]
    public async Task An_address_that_is_not_safe_gets_nothing(string address)
    {
        published.Make(1);
        AtBatch(asked => new Answer(200, System.Text.Encoding.UTF8.GetBytes(Objects(asked, $$"""{"upload": {"href": "{{address}}"} }"""))));

        Assert.Contains("names no safe address for model.safetensors", await published.PushFailsAsync(), StringComparison.Ordinal);
        Assert.Empty(Hub.StoreLog);
    }

    [Fact]
    public async Task A_store_that_leads_elsewhere_is_not_followed()
    {
        published.Make(1);
        Hub.StoreFaults.Enqueue(_ => new Answer(307, [], Headers: ("Location", "http://127.0.0.1:1/elsewhere")));

        Assert.Contains("it was not followed", await published.PushFailsAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("""{"files": [7, {"path": 1}, {"path": "config.json"}]}""")]
    [InlineData("""{"files": null, "objects": {}}""")]
    public async Task An_answer_that_is_none_is_told(string answer)
    {
        for (var question = 0; question < 6; question++)
        {
            using var one = new PublishedStudent();
            one.Make(1);
            for (var i = 0; i < question; i++)
            {
                one.Hub.HubFaults.Enqueue(_ => null);
            }

            one.Hub.HubFaults.Enqueue(_ => new Answer(200, System.Text.Encoding.UTF8.GetBytes(answer)));
            try
            {
                await one.PushAsync();
                AssertSame(one);
            }
            catch (StepDistillException)
            {
                Assert.Equal(0, one.Hub.Pushes);
            }
        }
    }

    /// <summary>Stopped anywhere, the same command ends where an unbroken one does, with one commit and no object sent twice.</summary>
    [Fact]
    public async Task A_push_that_is_stopped_anywhere_goes_on()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            using var one = new PublishedStudent();
            one.Hub.PartBytes = seed % 3 == 0 ? 7000 : null;
            one.Make(seed, ("onnx/a.onnx", 9000), ("onnx/b.onnx", 5000), ("calibration.json", 30));
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            var left = seed / 2 + 1;
            void Count()
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    stop.Cancel();
                }
            }

            one.Hub.Watch = seed % 2 == 0 ? Count : null;
            var stopped = await Record.ExceptionAsync(() => one.PushAsync(
                stop: stop.Token, progress: seed % 2 == 0 ? null : new Told(Count)));
            Assert.True(stopped is null or OperationCanceledException, stopped?.ToString());
            one.Hub.Watch = null;

            var pushed = await one.PushAsync();

            AssertSame(one);
            Assert.Equal((1, one.Hub.Head), (one.Hub.Pushes, pushed.Commit));
            Assert.Empty(one.Hub.SentAgain);
        }
    }

    private static string Objects(Asked asked, string actions) => string.Concat(
        """{"objects": [""",
        string.Join(", ", System.Text.Json.Nodes.JsonNode.Parse(asked.Body)!["objects"]!.AsArray().Select(
            one => $$"""{"oid": "{{one!["oid"]}}", "size": {{one["size"]}}, "actions": {{actions}}}""")),
        "]}");

    /// <summary>Lets something happen in place of the first commit, or before it where it gives null.</summary>
    private void AtCommit(Func<Asked, Answer?> instead) => At("/commit/", instead);

    private void AtBatch(Func<Asked, Answer?> instead) => At("objects/batch", instead);

    private void At(string path, Func<Asked, Answer?> instead)
    {
        var done = false;
        Answer? Wait(Asked asked)
        {
            if (done)
            {
                return null;
            }

            if (asked.Path.Contains(path, StringComparison.Ordinal))
            {
                done = true;
                return instead(asked);
            }

            Hub.HubFaults.Enqueue(Wait);
            return null;
        }

        Hub.HubFaults.Enqueue(Wait);
    }

    private sealed class Told(Action told) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => told();
    }
}
