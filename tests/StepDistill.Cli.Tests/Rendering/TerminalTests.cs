using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;

namespace StepDistill.Cli.Tests.Rendering;

public sealed class TerminalTests
{
    [Theory]
    [InlineData(false, "for people\n", "a note\n")]
    [InlineData(true, "{\n  \"rows\": 3\n}\n", "a note\n")]
    public void Results_and_messages_never_mix(bool json, string output, string error)
    {
        using var one = new StringWriter { NewLine = "\n" };
        using var other = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(one, other, json, live: false, TimeProvider.System);

        terminal.Say("for people");
        terminal.Note("a note");
        terminal.Result(new JsonObject { ["rows"] = 3 });

        Assert.Equal((output, error), (one.ToString(), other.ToString()));
    }

    [Fact]
    public async Task A_person_sees_a_bar_and_messages_above_it()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal(output, error, json: true, live: true, TimeProvider.System);

        var result = await terminal.WithProgressAsync("Training [1]", progress =>
        {
            progress.Report(new(50, 100, "loss 1.2 [/]"));
            terminal.Note("The checkpoint [x] is damaged.");
            return Task.FromResult(7);
        });

        Assert.Equal(7, result);
        Assert.Empty(output.ToString());
        Assert.Contains("Training [1]: loss 1.2 [/]", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("The checkpoint [x] is damaged.", error.ToString(), StringComparison.Ordinal);
    }
}
