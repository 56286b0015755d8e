using StepDistill.Cli.Verbs;
using StepDistill.Hub;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class PullVerbTests
{
    [Theory]
    [InlineData("parcels", null, "my-team/parcels", "main")]
    [InlineData("there", "v2", "my-team/parcels@v2", "v2")]
    public async Task The_name_is_read_and_the_folder_is_its_last_part_unless_said(string folder, string? revision, string name, string expected)
    {
        HubName? asked = null;
        var verb = new PullVerb(FakeStages.Create() with
        {
            Pull = (student, to, progress, _) =>
            {
                asked = student;
                progress.Report(new(1, 2, "bytes of model.safetensors"));
                return Task.FromResult(new HubPulled(to, "c0ffee", ["config.json"], 1234, ["logo.png"], HasManifest: true, WasThere: false));
            },
        });

        var run = await Run.Verb(verb, revision is null ? [name] : [name, "--to", folder]);

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal(new HubName("my-team/parcels", expected), asked);
        Assert.Equal(
            $"{name} is in {folder}: 1 files, 1.2 kB, commit c0ffee.\nEvery file has the hash that the hub and stepdistill.json state.\n"
            + "Left on the hub, as no part of a student: logo.png\n",
            run.Output);
        Assert.Contains("bytes of model.safetensors", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_everything_is_one_object()
    {
        var verb = new PullVerb(FakeStages.Create() with
        {
            Pull = (_, to, _, _) => Task.FromResult(new HubPulled(to, "c0ffee", ["config.json"], 1234, [], HasManifest: false, WasThere: true)),
        });

        var run = await Run.Verb(verb, "my-team/parcels", "--json");

        Assert.True(run.Json["was_there"]!.GetValue<bool>());
        Assert.False(run.Json["manifest"]!.GetValue<bool>());
        Assert.Equal("config.json", run.Json["files"]![0]!.GetValue<string>());
    }

    [Theory]
    [InlineData("parcels")]
    [InlineData("../my-team/parcels")]
    [InlineData("a/b/c")]
    [InlineData("a/b@../c")]
    public async Task Another_form_is_wrong_usage(string name)
    {
        var run = await Run.Verb(new PullVerb(FakeStages.Create()), name);

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Contains("OWNER/NAME", run.Error, StringComparison.Ordinal);
    }
}
