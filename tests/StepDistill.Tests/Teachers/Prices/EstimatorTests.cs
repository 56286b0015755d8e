using System.Text;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Prices;
using StepDistill.Teachers.Prompts;
using StepDistill.Tests.Annotations;

namespace StepDistill.Tests.Teachers.Prices;

public sealed class EstimatorTests : IDisposable
{
    private static readonly TaskSpec Task = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private static readonly TeacherSection Section = new() { Name = "chat", Model = "m", Temperature = 1, MaxTokens = 200 };

    private static readonly ModelPrice Price = new(0.15m, 0.60m);

    private readonly MemoryStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Without_answers_the_prompts_lengths_say_what_to_expect()
    {
        using var teacher = await OpenAsync(Section, Price);
        var (estimate, counts) = await Estimate(teacher, Section, Rows(10));

        Assert.Equal((10L, 0L), (estimate.ToAsk, estimate.Measured));
        Assert.Equal((10, 0, 0), (counts.Sum(row => row.ToAsk), counts.Sum(row => row.Stored), counts.Sum(row => row.Failed)));
        var bytes = Rows(10).Sum(row => teacher.PromptFor(row).Sum(message => Encoding.UTF8.GetByteCount(message.Text)));
        Assert.Equal(new TokenEstimate((long)(bytes / 4.0) + 80, (long)(bytes / 6.0), (bytes / 2) + 320), estimate.Input);
        Assert.Equal(new TokenEstimate(1000, 250, 2000), estimate.Output);
        Assert.Equal(
            new DollarEstimate(
                Price.Of(estimate.Input!.Value.Value, 1000), Price.Of(estimate.Input.Value.Low, 250), Price.Of(estimate.Input.Value.High, 2000)),
            estimate.Dollars);
        Assert.Null(estimate.Time);
    }

    [Fact]
    public async Task Worked_examples_show_how_long_replies_are()
    {
        using var client = Client();
        var demonstration = new Demonstration(new Example { Id = "d", Input = "Rain.", Label = "bad" }, new string('r', 87));    // and "\nAnswer: bad": 99 bytes
        using var teacher = new ChatTeacher(
            Task, new() { Endpoint = "e", Model = "m", Format = "plain", MaxTokens = 200 }, [demonstration], () => client, price: Price);

        var (estimate, _) = await Estimate(teacher, Section, Rows(4));

        Assert.Equal(new TokenEstimate(99, 24, 800), estimate.Output);
    }

    [Fact]
    public async Task Stored_answers_of_the_same_teacher_tell_what_the_others_will_cost()
    {
        using var teacher = await OpenAsync(Section, Price);
        var rows = Rows(400).ToList();
        await new AnnotationRun(teacher, _store).RunAsync(rows.Take(60).ToAsyncEnumerable(), Stop);

        var (before, counts) = await Estimate(teacher, Section, rows);
        await new AnnotationRun(teacher, _store).RunAsync(rows.ToAsyncEnumerable(), Stop);
        var (after, _) = await Estimate(teacher, Section, rows);

        Assert.Equal((340L, 60L, 60), (before.ToAsk, before.Measured, counts.Sum(row => row.Stored)));
        var rest = _store.Attempts.Skip(60).ToList();
        var bill = rest.Sum(answer => answer.Price!.Value);
        Assert.InRange(bill, before.Dollars!.Value.Low, before.Dollars.Value.High);
        Assert.InRange(rest.Sum(answer => answer.InputTokens!.Value), before.Input!.Value.Low, before.Input.Value.High);
        Assert.InRange(rest.Sum(answer => answer.OutputTokens!.Value), before.Output!.Value.Low, before.Output.Value.High);
        Assert.InRange(before.Dollars.Value.High - before.Dollars.Value.Low, 0, bill / 4);      // and not by saying nothing
        Assert.Equal((0L, default(DollarEstimate), 400L), (after.ToAsk, after.Dollars, after.Measured));
    }

    [Fact]
    public async Task Another_teachers_answers_tell_nothing()
    {
        using var one = await OpenAsync(Section, Price);
        await new AnnotationRun(one, _store).RunAsync(Rows(60).ToAsyncEnumerable(), Stop);
        using var other = await OpenAsync(Section with { Model = "another" }, Price);
        Assert.Equal((60L, 0L), ((await Estimate(other, Section, Rows(60))).Estimate.ToAsk, (await Estimate(other, Section, Rows(60))).Estimate.Measured));
    }

    [Fact]
    public async Task Four_answers_are_too_few_to_tell()
    {
        using var teacher = await OpenAsync(Section, Price);
        await new AnnotationRun(teacher, _store).RunAsync(Rows(4).ToAsyncEnumerable(), Stop);
        Assert.Equal(0, (await Estimate(teacher, Section, Rows(9))).Estimate.Measured);
        await new AnnotationRun(teacher, _store).RunAsync(Rows(5).ToAsyncEnumerable(), Stop);
        Assert.Equal(5, (await Estimate(teacher, Section, Rows(9))).Estimate.Measured);
    }

    [Fact]
    public async Task Failed_questions_count_where_they_are_asked_again()
    {
        using var teacher = await OpenAsync(Section, Price);
        await _store.AddAsync(
            [.. Rows(3).Select(row => new Annotation { Key = teacher.KeyOf(row), ExampleId = row.Id, Teacher = "m", Status = AnnotationStatus.Failed, Reply = "" })],
            Stop);
        var estimator = new Estimator(teacher, Section);
        await foreach (var row in AnnotatedExample.ReadAsync(Rows(5).ToAsyncEnumerable(), teacher, _store, Stop))
        {
            estimator.Add(row);
        }

        Assert.Equal((2L, 5L), (estimator.Estimate().ToAsk, estimator.Estimate(retryFailed: true).ToAsk));
        Assert.True(estimator.Estimate().Input!.Value.Value * 2 < estimator.Estimate(retryFailed: true).Input!.Value.Value);
        Assert.Equal(0, estimator.MeasuredRows);
    }

    [Fact]
    public async Task Without_a_price_there_are_tokens_and_no_dollars()
    {
        using var teacher = await OpenAsync(Section, null);
        var (estimate, _) = await Estimate(teacher, Section, Rows(3));
        Assert.NotNull(estimate.Input);
        Assert.Equal((null, null), (estimate.Dollars, estimate.Price));
    }

    [Fact]
    public async Task Several_answers_to_a_row_are_several_questions()
    {
        var section = Section with { Samples = 3 };
        using var teacher = await OpenAsync(section, Price);
        await new AnnotationRun(teacher.Answers[1], _store).RunAsync(Rows(2).ToAsyncEnumerable(), Stop);
        var (estimate, counts) = await Estimate(teacher, section, Rows(4));
        Assert.Equal(10, estimate.ToAsk);
        Assert.Equal([new(1, 2, 0), new(1, 2, 0), new(0, 3, 0), new(0, 3, 0)], counts);
    }

    [Theory]
    [InlineData(4, null, null, 200, "teacher.concurrency")]             // 400 questions of 2 s by fours
    [InlineData(400, 100, null, 186, "teacher.requests_per_minute")]    // a hundred at once, then thrice a minute and 2 s
    [InlineData(400, null, 1_000_000, 2, "teacher.concurrency")]        // a minute has room for all
    [InlineData(400, 1000, 20, null, "teacher.tokens_per_minute")]
    public async Task Time_is_that_of_the_narrowest_limit(int concurrency, int? requests, int? tokens, int? seconds, string limit)
    {
        var section = Section with { Concurrency = concurrency, RequestsPerMinute = requests, TokensPerMinute = tokens };
        using var teacher = await OpenAsync(section, Price);
        await _store.AddAsync(
            [.. Rows(10).Select(row => new Annotation
            {
                Key = teacher.KeyOf(row), ExampleId = row.Id, Teacher = "m", Status = AnnotationStatus.Refused, Reply = "",
                InputTokens = 60, OutputTokens = 40, Latency = TimeSpan.FromSeconds(2),
            })],
            Stop);

        var (estimate, _) = await Estimate(teacher, section, Rows(410));

        Assert.Equal(limit, estimate.LimitedBy);
        Assert.Equal(seconds is null ? Math.Floor((estimate.Input!.Value.Value + estimate.Output!.Value.Value - 1) / 20.0) * 62 : seconds.Value, estimate.Time!.Value.TotalSeconds);
    }

    [Fact]
    public async Task Recorded_answers_have_no_tokens()
    {
        var (estimate, _) = await Estimate(new RecordedTeacher(Task, "plain"), new TeacherSection(), Rows(3));
        Assert.Equal((3L, null, null, null), (estimate.ToAsk, estimate.Input, estimate.Dollars, estimate.Time));
    }

    private static IEnumerable<Example> Rows(int count) => Enumerable.Range(0, count).Select(
        i => new Example { Id = $"{i}", Input = $"{i} " + new string('x', 100 + (i * 7919 % 900)), Label = "good" });

    private static async Task<ChatTeacher> OpenAsync(TeacherSection section, ModelPrice? price) =>
        await ChatTeacher.OpenAsync(Task, section, Client, price: price, cancellation: Stop);

    /// <summary>Counts a token for about four bytes, and answers at a length that hangs on the question alone.</summary>
    private static ScriptedChatClient Client() => new((_, messages) =>
    {
        var chance = new Random(messages[^1].Text.Length);
        var bytes = messages.Sum(message => Encoding.UTF8.GetByteCount(message.Text));
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, "Sun.\nAnswer: good"))
        {
            Usage = new UsageDetails { InputTokenCount = (bytes / 4) + chance.Next(20), OutputTokenCount = 20 + chance.Next(80) },
        };
    });

    private async Task<(CostEstimate Estimate, List<RowQuestions> Counts)> Estimate(ITeacher teacher, TeacherSection section, IEnumerable<Example> rows)
    {
        var estimator = new Estimator(teacher, section);
        var counts = new List<RowQuestions>();
        await foreach (var row in AnnotatedExample.ReadAsync(rows.ToAsyncEnumerable(), teacher, _store, Stop))
        {
            counts.Add(estimator.Add(row));
        }

        return (estimator.Estimate(), counts);
    }
}
