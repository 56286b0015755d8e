using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Inference.Cascades;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Replies;

namespace StepDistill.Inference.Tests.Cascades;

public sealed partial class StudentFirstChatClientTests
{
    [Fact]
    public async Task A_share_of_the_students_answers_is_audited_behind_the_callers_back()
    {
        using var folder = new CascadeFolder();
        var large = new LargeModel(input => input.EndsWith('7') ? "It dives. Answer: swim" : "Answer: fly");
        var client = large.UseStudentFirst(SureStudent.Saying(), Options(0.8) with { AuditShare = 0.3, Log = folder["log.jsonl"] });

        for (var i = 0; i < 200; i++)
        {
            Assert.Equal("fly", (await client.GetResponseAsync($"0.9 bird {i}", cancellationToken: Stop)).Text);
        }

        await client.DisposeAsync();
        var counts = client.Counts;
        Assert.Equal(200, counts.Student);
        Assert.InRange(counts.Audited, 40, 80);
        Assert.Equal(large.Calls, counts.Audited);
        Assert.Equal(counts.Audited - counts.Agreed, counts.Logged);
        Assert.True(counts.Logged > 0);
        Assert.Equal(counts.Audited, client.Drift.Look().Audits);
        Assert.All(Rows(folder["log.jsonl"]), row => Assert.Equal(("disagreed", "fly"), ((string?)row["why"], (string?)row["student_label"])));
    }

    [Fact]
    public async Task The_same_seed_audits_the_same_inputs()
    {
        async Task<List<string>> Audited(int seed)
        {
            var asked = new List<string>();
            var client = new LargeModel(input => { asked.Add(input); return "Answer: fly"; }).UseStudentFirst(
                SureStudent.Saying(), Options(0.8) with { AuditShare = 0.2, AuditSeed = seed });
            for (var i = 0; i < 60; i++)
            {
                await client.GetResponseAsync($"0.9 bird {i}", cancellationToken: Stop);
            }

            await client.DisposeAsync();
            return asked;
        }

        Assert.Equal(await Audited(1), await Audited(1));
        Assert.NotEqual(await Audited(1), await Audited(2));
    }

    [Fact]
    public async Task Audits_count_against_the_days_ceiling_and_their_failures_are_nobodys()
    {
        var large = new LargeModel(_ => throw new HttpRequestException("503"));
        var client = large.UseStudentFirst(SureStudent.Saying(), Options(0.8) with { AuditShare = 1, DailyCalls = 2 });

        for (var i = 0; i < 5; i++)
        {
            await client.GetResponseAsync($"0.9 bird {i}", cancellationToken: Stop);
        }

        await client.DisposeAsync();
        Assert.Equal(new StudentFirstCounts { Student = 5, AuditsLeftOut = 5, LargeToday = 2, Fault = "503" }, client.Counts);
    }

    [Fact]
    public async Task What_the_log_holds_a_recipe_trains_on()
    {
        using var folder = new CascadeFolder();
        var client = new LargeModel(_ => "It has flippers. Answer: swim").UseStudentFirst(SureStudent.Saying(), Options(0.8) with { Log = folder["log.jsonl"] });
        foreach (var input in new[] { "0.1 penguin", "0.2 auk, write to owner@example.com", "0.1 penguin" })
        {
            await client.GetResponseAsync([new(ChatRole.System, "Sort."), new(ChatRole.User, input)], cancellationToken: Stop);
        }

        await client.DisposeAsync();
        Assert.Equal((3, 2, 0), (client.Counts.Large, client.Counts.Logged, client.Counts.NotLogged));
        Assert.DoesNotContain("owner@example.com", File.ReadAllText(folder["log.jsonl"]), StringComparison.Ordinal);
        Assert.Equal(("unsure", "large-1", 0.1), ((string?)Rows(folder["log.jsonl"])[0]["why"], (string?)Rows(folder["log.jsonl"])[0]["teacher"]!["model"], (double?)Rows(folder["log.jsonl"])[0]["student_confidence"]));
        await AssertIsTrainingData(folder["log.jsonl"], "It has flippers.");
    }

    [Fact]
    public async Task Replies_of_ones_own_form_are_kept_as_labels()
    {
        using var folder = new CascadeFolder();
        var client = new LargeModel(_ => "<swim/>").UseStudentFirst(SureStudent.Saying(), Options(0.8) with
        {
            Log = folder["log.jsonl"],
            Parse = (_, text) => text == "<swim/>" ? new Reply(AnnotationStatus.Ok, "swim", "As it says.", null) : new(AnnotationStatus.Unreadable, null, null, "?"),
        });
        await client.GetResponseAsync("0.1 penguin", cancellationToken: Stop);
        await client.DisposeAsync();

        await AssertIsTrainingData(folder["log.jsonl"], "As it says.", rows: 1);
    }

    [Fact]
    public async Task What_teaches_nothing_is_not_logged()
    {
        using var folder = new CascadeFolder();
        foreach (var large in new[] { new LargeModel(_ => "I would rather not say"), new LargeModel(_ => "Answer: swim") { Finish = ChatFinishReason.Length }, new LargeModel(_ => " ") })
        {
            var client = large.UseStudentFirst(SureStudent.Saying(), Options(0.8) with { Log = folder["log.jsonl"] });
            await client.GetResponseAsync("0.1 penguin", cancellationToken: Stop);
            await client.DisposeAsync();
        }

        Assert.Empty(File.ReadAllText(folder["log.jsonl"]));
    }

    [Fact]
    public async Task Half_a_last_line_is_mended_at_the_next_start()
    {
        using var folder = new CascadeFolder();
        var path = folder.Write("log.jsonl", """{"id":"a","input":"auk","teacher":{"completion":"Answer: swim"}}""" + "\n" + """{"id":"b","inp""");
        var client = new LargeModel(_ => "Answer: swim").UseStudentFirst(SureStudent.Saying(), Options(0.8) with { Log = path });
        await client.GetResponseAsync("0.1 penguin", cancellationToken: Stop);
        await client.DisposeAsync();

        Assert.Equal(["auk", "0.1 penguin"], Rows(path).Select(row => (string?)row["input"]));
    }

    private static List<JsonNode> Rows(string path) => [.. File.ReadLines(path).Select(line => JsonNode.Parse(line)!)];

    /// <summary>Reads the rows as a recipe does, and asks its recorded teacher.</summary>
    private static async Task AssertIsTrainingData(string path, string rationale, int rows = 2)
    {
        var section = new TaskSection { Name = "birds", Labels = ["fly", "swim"], Train = path };
        var task = TaskSpec.From(section);
        var teacher = new RecordedTeacher(task, task.ReplyFormat);
        var read = await TaskSplits.Open(task, section, Environment.CurrentDirectory).All.Single(split => split.Name == "train").Read(Stop).ToListAsync(Stop);
        Assert.Equal(rows, read.Count);
        foreach (var row in read)
        {
            var annotation = await teacher.AnswerAsync(row, Stop);
            Assert.Equal((AnnotationStatus.Ok, "swim", rationale), (annotation.Status, annotation.Label, annotation.Rationale));
        }
    }
}
