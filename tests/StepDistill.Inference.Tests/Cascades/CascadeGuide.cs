using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

/// <summary>Does what docs/guide/cascade.md says, with the page's own code.</summary>
public sealed partial class CascadeGuide
{
    private const string Instruction = "Sort the ticket.";

    [Theory]
    [InlineData("0.95 I was charged twice.", "student")]
    [InlineData("0.2 It does not work.", "the large model")]
    public async Task The_student_comes_first(string ticket, string expected)
    {
        using var root = new CascadeFolder();
        var (folder, state) = (root["student"], root["state"]);
        using var student = SureStudent.Saying();
        CascadeFile.From(Population.Calibrated.Draw(2000, new Random(1)), CascadeTarget.Accuracy(0.8), student.Description).Write(folder);
        using var large = new LargeModel(_ => "Answer: swim");

        var options = new StudentFirstOptions
        {
            Cascade = CascadeFile.Read(folder),
            DailyCalls = 5000,
            DailyCallsFile = Path.Combine(state, "large-calls.json"),
            WhenSpent = CeilingPolicy.Student,
            AuditShare = 0.02,
            Log = Path.Combine(state, "next-round.jsonl"),
        };
        await using var client = large.UseStudentFirst(student, options);

#pragma warning disable xUnit1051 // the page's own code has no test to be stopped by
        var reply = await client.GetResponseAsync([new(ChatRole.System, Instruction), new(ChatRole.User, ticket)]);
#pragma warning restore xUnit1051
        var who = reply.AdditionalProperties?[StudentFirstProperties.AnsweredBy] ?? "the large model";

        Assert.Equal(expected, who);
    }

    [Fact]
    public void The_page_shows_the_code_that_runs_here()
    {
        var code = Lines(File.ReadAllText(ThisFile())).Where(line => !line.StartsWith("#pragma", StringComparison.Ordinal)).ToList();
        var page = File.ReadAllText(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "docs", "guide", "cascade.md")));
        var shown = Assert.Single(Code().Matches(page)).Groups[1].Value;

        Assert.Contains(string.Join('\n', Lines(shown)), string.Join('\n', code), StringComparison.Ordinal);
    }

    [Fact]
    public void The_pages_numbers_are_so() =>
        Assert.Equal(917, PromiseTest.Needed(1000, 0.9, 0.04, null));       // 0.04: what is left to the first start

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0);

    private static string ThisFile([CallerFilePath] string path = "") => path;

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();
}
