using System.ClientModel;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using OpenAI;
using StepDistill.Tasks;
using StepDistill.Teachers.Recording;

namespace StepDistill.Cli.Tests.Guide;

/// <summary>Does what docs/guide/traffic.md says, with the page's own code, recipe and commands.</summary>
public sealed partial class TrafficGuide
{
    private static string Page => File.ReadAllText(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "docs", "guide", "traffic.md")));

    [Fact]
    public async Task An_application_gets_a_student_of_its_own()
    {
        using var root = new TemporaryFolder();
        using var server = new ChatServer(ticket => (200, ticket.Contains("charged", StringComparison.Ordinal)
            ? "Money was taken, as the ticket for jane@doe.example tells.\nAnswer: billing"
            : $"Broken: {string.Join(' ', ticket.TrimEnd('.').Split(' ').Reverse())}.\nAnswer: bug"));
        var tickets = Enumerable.Range(0, 30).Select(number => number % 2 == 0 ? $"I was charged {number} times." : $"Page {number} shows error {number * 7}.");

        var (counts, replies) = await RunApplicationAsync(new Uri(server.Address), "sk-of-the-application", root.Root, tickets);

        Assert.Equal((30L, 30L), (counts.Answered, counts.Recorded));
        Assert.Contains("jane@doe.example", replies[0], StringComparison.Ordinal);     // the application has what the model said
        var rows = File.ReadAllText(root["data/traffic.jsonl"]);
        Assert.DoesNotContain("jane@", rows, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-of-the-application", rows, StringComparison.Ordinal);
        root.Write("data/validation.jsonl", """
            {"input":"I was charged for nothing.","label":"billing"}
            {"input":"Page 3 is blank.","label":"bug"}
            """);
        root.Write("tickets.jsonc", Block("jsonc"));
        var commands = Block("text").Split('\n').Select(line => Words(line, root)).ToList();

        var stats = await Run.Words([.. commands[0], "--runs", root["runs"]]);
        var train = await Run.Words([.. commands[1], "--runs", root["runs"]]);
        var predict = await Run.Words(commands[2]);

        Assert.Equal(3, commands.Count);
        Assert.True(stats.Code == ExitCode.Success, stats.Error);
        // "Money was taken …" is said fifteen times, and once is enough.
        Assert.Contains("train: 16 of 30 rows useful for training.", stats.Output, StringComparison.Ordinal);
        Assert.Contains("14 answers left out by 'distinct'", stats.Output, StringComparison.Ordinal);
        Assert.True(train.Code == ExitCode.Success, train.Error);
        Assert.True(File.Exists(root["runs/tickets/step-by-step-teacher-1-seed0/student/model.safetensors"]));
        Assert.True(predict.Code == ExitCode.Success, predict.Error);
        Assert.Single(predict.Output.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void The_page_shows_the_code_that_runs_here()
    {
        var code = File.ReadAllLines(ThisFile());
        var shown = Fences("csharp");

        Assert.Equal(2, shown.Count);
        Assert.All(shown, block => Assert.Contains(
            block, string.Join('\n', code.Select(line => line.StartsWith("        ", StringComparison.Ordinal) ? line[8..] : line)), StringComparison.Ordinal));
    }

    private static async Task<(RecordingCounts Counts, List<string> Replies)> RunApplicationAsync(
        Uri address, string key, string folder, IEnumerable<string> tickets)
    {
        var replies = new List<string>();
#pragma warning disable xUnit1051 // The page's reader has no test to cancel.
        IChatClient client = new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = address })
            .GetChatClient("large-model").AsIChatClient();

        const string Instruction =
            "Sort the ticket. Give your reasons in one short sentence, then a line 'Answer: ' with billing, bug or other.";

        var task = new TaskSpec { Name = "tickets", Answer = AnswerKind.Label, Labels = ["billing", "bug", "other"] };
        var recording = client.UseStepDistillRecording(task, new RecordingOptions
        {
            Rows = Path.Combine(folder, "data", "traffic.jsonl"),
            Store = Path.Combine(folder, "runs", "tickets", "annotations.sqlite"),
        });

        foreach (var ticket in tickets)
        {
            var reply = await recording.GetResponseAsync([new(ChatRole.System, Instruction), new(ChatRole.User, ticket)]);
            replies.Add(reply.Text);
        }

        await recording.DisposeAsync();
        var counts = recording.Counts;
#pragma warning restore xUnit1051
        return (counts, replies);
    }

    /// <summary>The page's only block of a language.</summary>
    private static string Block(string language) => Assert.Single(Fences(language));

    private static List<string> Fences(string language) =>
        [.. Fence().Matches(Page).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value.TrimEnd('\n'))];

    /// <summary>A command's words after the program's name, with files in the test's folder.</summary>
    private static string[] Words(string line, TemporaryFolder root) =>
    [
        .. Word().Matches(line).Skip(1).Select(match => match.Value.Trim('"')).Select(word =>
            word.StartsWith("runs/", StringComparison.Ordinal) || word.EndsWith(".jsonc", StringComparison.Ordinal) ? root[word] : word),
    ];

    [GeneratedRegex("```(\\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("\"[^\"]*\"|\\S+")]
    private static partial Regex Word();

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
