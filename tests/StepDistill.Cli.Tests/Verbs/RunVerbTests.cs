using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class RunVerbTests
{
    [Fact]
    public async Task What_is_done_is_skipped_and_that_is_said()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        var trained = 0;
        var stages = FakeStages.Create(train: (_, _) => trained++);

        var first = await Run.Verb(new RunVerb(stages), recipe, "--runs", folder["runs"], "--json");
        var again = await Run.Verb(new RunVerb(stages), recipe, "--runs", folder["runs"]);

        Assert.Equal(7, first.Json["done"]!["annotated"]!.GetValue<long>());
        Assert.True(first.Json["done"]!["trained"]!.GetValue<bool>());
        Assert.True(first.Json["done"]!["evaluated"]!.GetValue<bool>());
        Assert.Equal(0.5, first.Json["accuracy"]!.GetValue<double>());
        Assert.Contains("annotate: 7 stored, 0 to ask; skipped", again.Output, StringComparison.Ordinal);
        Assert.Contains("is finished; skipped", again.Output, StringComparison.Ordinal);
        Assert.Contains("holds the report on these rows; skipped", again.Output, StringComparison.Ordinal);
        Assert.Equal(2, trained);       // the stage itself checks that the finished run is this recipe's
    }
}
