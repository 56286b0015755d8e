using StepDistill.Cli.Verbs;
using StepDistill.Hub;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class PushVerbTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private (string Folder, HubName Name, HubPushSettings Settings)? asked;
    private HubPushed pushed = new(
        new("https://hub.example/my-team/parcels"), "c0ffee", [new("config.json", 10, "aa"), new("model.safetensors", 2_500_000, "bb")],
        2_500_000, ["config.json"], ["onnx/old.onnx"], ["notes.txt"], WasCreated: true);

    public PushVerbTests() => folder.Write("run/student/config.json", "{}");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_run_s_student_is_pushed_as_the_words_say()
    {
        var run = await PushAsync(folder["run"], "my-team/parcels", "--private", "--revision", "next", "--message", "More");

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal((folder["run/student"], new HubName("my-team/parcels", "next"), new HubPushSettings { Private = true, Message = "More" }), asked);
        Assert.Equal(
            "Not pushed, as no part of a student: notes.txt\nRemoved, as parts of an earlier student: onnx/old.onnx\n"
            + "my-team/parcels@next holds the student: commit c0ffee. Large files sent: 2.5 MB. Next: stepdistill pull my-team/parcels@next\n"
            + "https://hub.example/my-team/parcels\n",
            run.Output);
    }

    [Fact]
    public async Task A_dry_run_lists_the_files()
    {
        pushed = pushed with { Commit = null, Removed = [], LeftOut = [] };

        var run = await PushAsync(folder["run/student"], "my-team/parcels", "--dry-run");

        Assert.True(asked!.Value.Settings.DryRun);
        Assert.Matches("model.safetensors +2.5 MB +bb", run.Output);
        Assert.Contains("Would push 2 files, 2.5 MB, to my-team/parcels on hub.example. Nothing was sent.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_there_already_is_told()
    {
        pushed = pushed with { Unchanged = ["config.json", "model.safetensors"], Removed = [] };

        Assert.Contains(
            "my-team/parcels holds this student already: commit c0ffee.",
            (await PushAsync(folder["run"], "my-team/parcels")).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_everything_is_one_object()
    {
        var run = await PushAsync(folder["run"], "my-team/parcels", "--json");

        Assert.Equal("bb", run.Json["files"]![1]!["sha256"]!.GetValue<string>());
        Assert.Equal("onnx/old.onnx", run.Json["removed"]![0]!.GetValue<string>());
        Assert.True(run.Json["created"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData(ExitCode.WrongUsage, "OWNER/NAME", "parcels")]
    [InlineData(ExitCode.WrongUsage, "OWNER/NAME", "my-team/parcels", "--revision", "../x")]
    [InlineData(ExitCode.WrongUsage, "Give one of them", "my-team/parcels@a", "--revision", "b")]
    public async Task Words_that_make_no_sense_are_told(int code, string said, params string[] words)
    {
        var run = await PushAsync([folder["run"], .. words]);

        Assert.Equal(code, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
        Assert.Null(asked);
    }

    private Task<Run> PushAsync(params string[] words) => Run.Verb(
        new PushVerb(FakeStages.Create() with
        {
            Push = (student, name, settings, _, _) =>
            {
                asked = (student, name, settings);
                return Task.FromResult(pushed);
            },
        }),
        words);
}
