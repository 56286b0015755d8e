using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Tests.Tasks;

public sealed class TaskCatalogTests
{
    [Theory]
    [InlineData("nil", "did you mean nli?")]
    [InlineData("swamp", "did you mean svamp?")]
    [InlineData("weather", "The presets are cqa, nli, svamp")]
    public void An_unknown_name_is_answered_with_the_nearest_and_with_what_is_missing(string name, string answer)
    {
        var message = Assert.Throws<StepDistillException>(() => TaskSpec.From(new TaskSection { Name = name })).Message;
        Assert.Contains($"task.name is '{name}'", message, StringComparison.Ordinal);
        Assert.Contains(answer, message, StringComparison.Ordinal);
        Assert.Contains("needs task.answer", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_must_be_visible_and_differ()
    {
        Assert.Contains("a blank label", Fault(["a", " "]), StringComparison.Ordinal);
        Assert.Contains("'a' more than once", Fault(["a", "A "]), StringComparison.Ordinal);

        static string Fault(string[] labels) => Assert.Throws<StepDistillException>(
            () => TaskSpec.From(new TaskSection { Name = "own", Labels = labels })).Message;
    }

    [Fact]
    public void Every_preset_is_found_by_its_name_and_reads_replies_in_a_known_format() => Assert.All(TaskCatalog.Presets, preset =>
    {
        Assert.Same(preset, TaskCatalog.Find(preset.Name.ToUpperInvariant()));
        Assert.Contains(preset.ReplyFormat, StepDistill.Teachers.Replies.ReplyReader.Formats);
    });
}
