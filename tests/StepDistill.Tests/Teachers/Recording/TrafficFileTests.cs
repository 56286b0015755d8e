using System.Text;
using System.Text.Json.Nodes;
using StepDistill.Teachers.Recording;
using StepDistill.Tests.Runs;

namespace StepDistill.Tests.Teachers.Recording;

public sealed class TrafficFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Rows => Path.Combine(_folder.Path, "traffic.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Wherever_a_kill_cut_the_file_only_whole_lines_are_left()
    {
        using (var file = TrafficFile.Open(Rows))
        {
            file.Append([Row("a", "Grüße \n 🐧"), Row("b", "two")]);
        }

        var whole = File.ReadAllBytes(Rows);
        var first = Array.IndexOf(whole, (byte)'\n') + 1;
        for (var length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(Rows, whole[..length]);
            using (var file = TrafficFile.Open(Rows))
            {
                Assert.Equal((length >= first, length == whole.Length), (file.Knows("a"), file.Knows("b")));
                file.Append([Row("c", "three")]);
            }

            var expected = (length >= first ? Encoding.UTF8.GetString(whole[..first]) : "")
                + (length == whole.Length ? Encoding.UTF8.GetString(whole[first..]) : "") + Row("c", "three").ToJsonString() + "\n";
            Assert.Equal(expected, File.ReadAllText(Rows));
        }
    }

    [Fact]
    public void A_file_of_something_else_is_named_with_its_line_and_left_alone()
    {
        File.WriteAllText(Rows, """
            {"id":"a"}
            {"no":"id"}

            """);
        using var file = TrafficFile.Open(Rows);

        var e = Assert.Throws<StepDistillException>(() => file.Knows("b"));

        Assert.Contains("traffic.jsonl, line 2: this is no recorded row (it has no 'id')", e.Message, StringComparison.Ordinal);
        Assert.Throws<StepDistillException>(() => file.Knows("c"));
    }

    [Fact]
    public void A_row_that_was_not_written_can_be_written_later()
    {
        using var file = TrafficFile.Open(Rows);
        Assert.False(file.Knows("a"));
        Assert.True(file.Knows("a"));

        file.Forget("a");

        Assert.False(file.Knows("a"));
    }

    private static JsonObject Row(string id, string input) => new() { ["id"] = id, ["input"] = input };
}
