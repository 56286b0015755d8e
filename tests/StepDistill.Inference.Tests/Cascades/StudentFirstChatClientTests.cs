using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed partial class StudentFirstChatClientTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sure_student_answers_and_says_who_it_is()
    {
        var large = new LargeModel(_ => "Answer: swim");
        await using var client = large.UseStudentFirst(SureStudent.Saying(familiarity: 0.5), Options(0.8));

        var reply = await client.GetResponseAsync("0.8 what a crow does", cancellationToken: Stop);

        Assert.Equal("fly", reply.Text);
        Assert.Equal("birds@v1", reply.ModelId);
        Assert.Equal(ChatFinishReason.Stop, reply.FinishReason);
        Assert.Equal(
            ("student", "sure", "fly", 0.8, 0.5),
            (reply.AdditionalProperties![StudentFirstProperties.AnsweredBy], reply.AdditionalProperties[StudentFirstProperties.Why],
                reply.AdditionalProperties[StudentFirstProperties.Label], reply.AdditionalProperties[StudentFirstProperties.Confidence],
                reply.AdditionalProperties[StudentFirstProperties.Familiarity]));
        Assert.Equal(0, large.Calls);
        Assert.Equal(new StudentFirstCounts { Student = 1 }, client.Counts);
    }

    [Fact]
    public async Task An_unsure_student_leaves_the_large_models_reply_untouched()
    {
        var large = new LargeModel(_ => "Answer: swim");
        await using var client = large.UseStudentFirst(SureStudent.Saying(), Options(0.8));

        var reply = await client.GetResponseAsync("0.7999 what a crow does", cancellationToken: Stop);

        Assert.Same(large.Newest, reply);
        Assert.Null(reply.AdditionalProperties);
        Assert.Equal(new StudentFirstCounts { Large = 1 }, client.Counts);
    }

    [Fact]
    public async Task An_unfamiliar_input_goes_to_the_large_model_however_sure_the_student_is()
    {
        var large = new LargeModel(_ => "Answer: swim");
        await using var client = large.UseStudentFirst(SureStudent.Saying(familiarity: 0.001), Options(0.5) with { Cascade = SureStudent.Cascade(0.5, floor: 0.01) });

        await client.GetResponseAsync("0.99 the price of eggs", cancellationToken: Stop);

        Assert.Equal(1, large.Calls);
    }

    [Fact]
    public async Task The_last_message_of_the_user_is_the_question_or_what_a_delegate_makes_of_the_call()
    {
        List<ChatMessage> messages = [new(ChatRole.System, "Sort."), new(ChatRole.User, "0.9 first"), new(ChatRole.Assistant, "fly"), new(ChatRole.User, "0.9 second")];
        var (student, other) = (SureStudent.Saying(), SureStudent.Saying());
        var large = new LargeModel(_ => "Answer: swim");
        await using var client = large.UseStudentFirst(student, Options(0.5));
        await using var chosen = large.UseStudentFirst(other, Options(0.5) with { Question = all => all.Count > 3 ? new("0.9 " + all[0].Text) : null });

        await client.GetResponseAsync(messages, cancellationToken: Stop);
        await chosen.GetResponseAsync(messages, cancellationToken: Stop);
        await chosen.GetResponseAsync(messages[..1], cancellationToken: Stop);

        Assert.Equal(["0.9 second"], student.Asked);
        Assert.Equal(["0.9 Sort."], other.Asked);
        Assert.Equal(1, large.Calls);
    }

    [Fact]
    public async Task A_student_that_cannot_be_asked_is_no_failure_of_the_call()
    {
        var large = new LargeModel(_ => "Answer: swim");
        await using var client = large.UseStudentFirst(
            new SureStudent(_ => throw new StepDistillException("It has no choices.")), Options(0.5) with { FallBackToStudent = true });

        Assert.Equal("Answer: swim", (await client.GetResponseAsync("0.9", cancellationToken: Stop)).Text);
        Assert.Equal(new StudentFirstCounts { Large = 1, StudentFailed = 1, Fault = "It has no choices." }, client.Counts);
    }

    [Fact]
    public async Task Cancelling_stops_the_student_too()
    {
        var large = new LargeModel(_ => "Answer: swim");
        await using var client = large.UseStudentFirst(SureStudent.Saying(), Options(0.5) with { FallBackToStudent = true });
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync("0.9", cancellationToken: stopped.Token));
        Assert.Equal(new StudentFirstCounts(), client.Counts);
    }

    [Theory]
    [InlineData(CeilingPolicy.Abstain, "nobody", "I do not know.")]
    [InlineData(CeilingPolicy.Student, "student", "fly")]
    public async Task Above_the_days_ceiling_nobody_answers_or_the_student(CeilingPolicy policy, string who, string text)
    {
        using var folder = new CascadeFolder();
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var large = new LargeModel(_ => "Answer: swim");
        var options = Options(0.8) with
        {
            DailyCalls = 1, DailyCallsFile = folder["calls.json"], WhenSpent = policy, Abstention = "I do not know.", Time = clock,
        };
        await using (var client = large.UseStudentFirst(SureStudent.Saying(), options))
        {
            Assert.Equal("Answer: swim", (await client.GetResponseAsync("0.1", cancellationToken: Stop)).Text);
        }

        await using var later = large.UseStudentFirst(SureStudent.Saying(), options);
        var spent = await later.GetResponseAsync("0.1", cancellationToken: Stop);
        Assert.Equal((who, "ceiling", text), (spent.AdditionalProperties![StudentFirstProperties.AnsweredBy], spent.AdditionalProperties[StudentFirstProperties.Why], spent.Text));
        Assert.Equal("fly", (await later.GetResponseAsync("0.9", cancellationToken: Stop)).Text);
        Assert.Equal(
            policy == CeilingPolicy.Abstain
                ? new StudentFirstCounts { Student = 1, Abstained = 1, LargeToday = 1 } : new() { Student = 1, StudentAboveCeiling = 1, LargeToday = 1 },
            later.Counts);

        clock.Advance(TimeSpan.FromHours(12));
        Assert.Equal("Answer: swim", (await later.GetResponseAsync("0.1", cancellationToken: Stop)).Text);
        Assert.Equal(2, large.Calls);
    }

    [Fact]
    public async Task Where_the_large_model_fails_the_caller_hears_of_it_or_the_student_answers()
    {
        var large = new LargeModel(_ => throw new HttpRequestException("503"));
        await using var proud = large.UseStudentFirst(SureStudent.Saying(), Options(0.8));
        await using var humble = large.UseStudentFirst(SureStudent.Saying(), Options(0.8) with { FallBackToStudent = true });

        await Assert.ThrowsAsync<HttpRequestException>(() => proud.GetResponseAsync("0.1", cancellationToken: Stop));
        var reply = await humble.GetResponseAsync("0.1", cancellationToken: Stop);

        Assert.Equal(("fly", "fallback"), (reply.Text, reply.AdditionalProperties![StudentFirstProperties.Why]));
        Assert.Equal(new StudentFirstCounts { LargeFailed = 1, Fault = "503" }, proud.Counts);
        Assert.Equal(new StudentFirstCounts { LargeFailed = 1, StudentAfterFailure = 1, Fault = "503" }, humble.Counts);
    }

    [Fact]
    public async Task Streams_come_from_the_same_hands()
    {
        using var folder = new CascadeFolder();
        var large = new LargeModel(_ => "Answer: swim");
        var client = large.UseStudentFirst(SureStudent.Saying(), Options(0.8) with { Log = folder["log.jsonl"] });

        var sure = await client.GetStreamingResponseAsync("0.9", cancellationToken: Stop).ToListAsync(Stop);
        var unsure = await client.GetStreamingResponseAsync("0.1 duck", cancellationToken: Stop).ToListAsync(Stop);
        await client.DisposeAsync();

        Assert.Equal(("fly", "student"), (sure.ToChatResponse().Text, sure.ToChatResponse().AdditionalProperties![StudentFirstProperties.AnsweredBy]));
        Assert.Equal("Answer: swim".Select(letter => letter.ToString()), unsure.Select(update => update.Text));
        Assert.Equal((1, 1, 1), (client.Counts.Student, client.Counts.Large, client.Counts.Logged));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task A_stream_that_breaks_is_mended_only_before_its_first_update(int updates, bool mended)
    {
        var large = new LargeModel(_ => throw new HttpRequestException("503")) { BreaksAfter = updates };
        await using var client = large.UseStudentFirst(SureStudent.Saying(), Options(0.8) with { FallBackToStudent = true });

        var reading = client.GetStreamingResponseAsync("0.1", cancellationToken: Stop).ToListAsync(Stop);

        if (mended)
        {
            Assert.Equal("fly", (await reading).ToChatResponse().Text);
        }
        else
        {
            await Assert.ThrowsAsync<HttpRequestException>(async () => await reading);
        }

        Assert.Equal(1, client.Counts.LargeFailed);
    }

    [Fact]
    public async Task Disposing_disposes_the_inner_client_once()
    {
        var large = new LargeModel(_ => "");
        var client = large.UseStudentFirst(SureStudent.Saying(), Options(0.8));

        client.Dispose();
        await client.DisposeAsync();

        Assert.True(large.IsDisposed);
    }

    [Fact]
    public void What_cannot_work_is_told_at_the_start()
    {
        Refused<ArgumentOutOfRangeException>(Options(0.8) with { AuditShare = 1.1 }, "AuditShare must be from 0 to 1");
        Refused<ArgumentOutOfRangeException>(Options(0.8) with { AuditShare = double.NaN }, "AuditShare");
        Refused<ArgumentOutOfRangeException>(Options(0.8) with { AuditCapacity = 0 }, "AuditCapacity must be at least 1");
        Refused<ArgumentOutOfRangeException>(Options(0.8) with { DailyCalls = -1 }, "DailyCalls must be at least 0");
        Refused<ArgumentException>(Options(0.8) with { Format = "xml" }, "Format is 'xml'; it must be ");
        var cascade = SureStudent.Cascade(0.8);
        Refused<StepDistillException>(Options(0.8) with { Cascade = cascade with { Student = "v0" } }, "set for version v0 of a student in ?, and this is birds v1 in float32");
        Refused<StepDistillException>(Options(0.8) with { Cascade = cascade with { Student = "v1", Precision = "int8" } }, "version v1 of a student in int8, and this is birds v1 in float32");
        Refused<StepDistillException>(
            Options(0.8) with { Cascade = cascade with { Plan = cascade.Plan with { Rule = null, Summary = "99 % cannot be promised." } } }, "99 % cannot be promised");
        Refused<StepDistillException>(Options(0.8) with { Log = "/dev/null/log.jsonl" }, "cannot be recorded into");
    }

    [Fact]
    public async Task Metrics_tell_who_answers_and_how_calls_look()
    {
        var seen = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, all) =>
            {
                if (instrument.Meter.Name == "StepDistill.Inference.Cascade" && instrument.Meter.Tags!.Any(tag => tag.Value is "metrics-v1"))
                {
                    all.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            seen[$"{instrument.Name} {string.Join(" ", tags.ToArray().Select(tag => tag.Value))}"] = value);
        listener.Start();
        var student = SureStudent.Saying();
        student.Description = student.Description with { Version = "metrics-v1" };
        await using var client = new LargeModel(_ => "Answer: swim").UseStudentFirst(student, Options(0.8) with { DailyCalls = 9 });

        await client.GetResponseAsync("0.9", cancellationToken: Stop);
        await client.GetResponseAsync("0.1", cancellationToken: Stop);
        listener.RecordObservableInstruments();

        Assert.Equal(1, seen["stepdistill.cascade.calls student sure"]);
        Assert.Equal(1, seen["stepdistill.cascade.calls large_model unsure"]);
        Assert.Equal(0.5, seen["stepdistill.cascade.answered_share"]);
        Assert.Equal(1, seen["stepdistill.cascade.large_calls_today"]);
        Assert.Equal(0, seen["stepdistill.cascade.alarms"]);
        Assert.DoesNotContain("stepdistill.cascade.label_shift", seen.Keys);       // this baseline knows no labels
    }

    private static StudentFirstOptions Options(double threshold) => new() { Cascade = SureStudent.Cascade(threshold), AuditShare = 0 };

    private static void Refused<T>(StudentFirstOptions options, string why) where T : Exception =>
        Assert.Contains(why, Assert.ThrowsAny<T>(() => new LargeModel(_ => "").UseStudentFirst(SureStudent.Saying(), options)).Message, StringComparison.Ordinal);
}
