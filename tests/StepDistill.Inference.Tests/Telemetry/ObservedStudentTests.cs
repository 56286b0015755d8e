using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using StepDistill.Inference.Telemetry;
using StepDistill.Tasks;

namespace StepDistill.Inference.Tests.Telemetry;

public sealed class ObservedStudentTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly Activity _root = new Activity("test").Start();
    private readonly Listening _heard;

    public ObservedStudentTests() => _heard = new Listening(Meters, _root);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public void Dispose()
    {
        _heard.Dispose();
        _root.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void Answers_pass_unchanged_and_are_counted()
    {
        using var fake = Slow(TimeSpan.FromSeconds(0.25));
        using var student = Observe(fake);
        List<StudentQuestion> questions = [new("The sun shines."), new("Rain."), new(string.Join(' ', Enumerable.Repeat("sun", 40)))];

        var answers = student.Classify(questions, cancellation: Stop);

        Assert.Equal(["good", "bad", "good"], answers.Select(answer => answer.Label));
        Assert.Same(fake.Description, student.Description);
        Assert.Equal(4, student.CountTokens("two words"));
        Assert.Equal(
            [("bad", 1), ("good", 2)],
            _heard.Of("questions").GroupBy(one => (string)one.Tags["stepdistill.student.label"]!).Select(group => (group.Key, group.Count())).Order());
        Assert.Equal([5.0, 3, 16], _heard.Of("input_tokens").Select(one => one.Value));
        Assert.Equal([0.75, 0.75, 0.75], _heard.Of("confidence").Select(one => one.Value));
        Assert.Equal([0.5, 0.5, 0.5], _heard.Of("familiarity").Select(one => one.Value));
        Assert.Equal(1, Assert.Single(_heard.Of("cut")).Value);
        var (seconds, tags) = Assert.Single(_heard.Of("duration"));
        Assert.Equal((0.75, "classify"), (seconds, tags["stepdistill.operation"]));
        Assert.All(_heard.Measured, one => Assert.Equal(
            ("mood", "0123456789ab"), (one.Tags["stepdistill.student.name"], one.Tags["stepdistill.student.version"])));
    }

    [Fact]
    public void A_call_is_a_span_below_the_callers()
    {
        using var student = Observe(new FakeStudent());

        student.Classify([new("The sun shines."), new(string.Join(' ', Enumerable.Repeat("sun", 40)))], withRationales: true, Stop);

        var span = Assert.Single(_heard.Spans);
        Assert.Equal(("classify mood", _root.SpanId), (span.DisplayName, span.ParentSpanId));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Equal(
            [
                ("stepdistill.student.cut", "1"), ("stepdistill.student.input_tokens", "21"), ("stepdistill.student.name", "mood"),
                ("stepdistill.student.rationales", "True"), ("stepdistill.student.rows", "2"), ("stepdistill.student.version", "0123456789ab"),
            ],
            span.TagObjects.Select(tag => (tag.Key, Convert.ToString(tag.Value, System.Globalization.CultureInfo.InvariantCulture))).Order());
        Assert.Equal("classify_with_rationales", Assert.Single(_heard.Of("duration")).Tags["stepdistill.operation"]);
    }

    [Theory]
    [InlineData(AnswerKind.Text)]
    [InlineData(AnswerKind.Equation)]
    [InlineData(AnswerKind.Choice)]
    public void Free_text_is_no_tag(AnswerKind kind)
    {
        using var student = Observe(new FakeStudent { Description = new("words", "1", "words", kind, ["anything"], 16, false, "int8"), Label = _ => "anything" });

        student.Classify([new("Rain.")], cancellation: Stop);

        Assert.DoesNotContain("stepdistill.student.label", Assert.Single(_heard.Of("questions")).Tags.Keys);
    }

    [Fact]
    public void A_label_outside_the_closed_set_is_no_tag()
    {
        using var student = Observe(new FakeStudent { Label = _ => "made up" });

        student.Classify([new("Rain.")], cancellation: Stop);

        Assert.DoesNotContain("stepdistill.student.label", Assert.Single(_heard.Of("questions")).Tags.Keys);
    }

    [Fact]
    public void A_failure_is_told_by_its_kind_and_never_by_words_that_may_quote_the_question()
    {
        using var student = Observe(new FakeStudent { Label = question => throw new StepDistillException($"No choices in '{question.Input}'.") });

        Assert.Throws<StepDistillException>(() => student.Classify([new("My secret.")], cancellation: Stop));

        var span = Assert.Single(_heard.Spans);
        Assert.Equal((ActivityStatusCode.Error, null), (span.Status, span.StatusDescription));
        Assert.Equal("StepDistill.StepDistillException", span.GetTagItem("error.type"));
        Assert.Equal("StepDistill.StepDistillException", Assert.Single(_heard.Of("duration")).Tags["error.type"]);
        Assert.Empty(_heard.Of("questions"));
        Assert.Empty(span.Events);
        Assert.DoesNotContain(span.TagObjects, tag => $"{tag.Value}".Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reasons_are_timed_without_the_time_of_their_reader_and_his_activity_stays_his()
    {
        var during = new List<string?>();
        using var student = Observe(new FakeStudent
        {
            Before = () =>
            {
                during.Add(Activity.Current?.DisplayName);
                _time.Advance(TimeSpan.FromSeconds(1));
            },
        });
        var pieces = new List<string>();

        await foreach (var piece in student.ExplainAsync(new("Rain."), Stop))
        {
            Assert.Same(_root, Activity.Current);
            pieces.Add(piece);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(["Rain ", "is wet."], pieces);
        Assert.Equal(["explain mood", "explain mood"], during);
        var (seconds, tags) = Assert.Single(_heard.Of("duration"));
        Assert.Equal((2.0, "explain"), (seconds, tags["stepdistill.operation"]));
        var span = Assert.Single(_heard.Spans);
        Assert.Equal(("explain mood", _root.SpanId, 2), (span.DisplayName, span.ParentSpanId, span.GetTagItem("stepdistill.student.pieces")));
        Assert.Same(_root, Activity.Current);
    }

    [Fact]
    public async Task Reasons_that_fail_or_are_not_read_to_the_end_are_told_as_well()
    {
        var turn = 0;
        using var student = Observe(new FakeStudent { Before = () => _ = turn++ == 1 ? throw new NotSupportedException() : 0 });

        await Assert.ThrowsAsync<NotSupportedException>(async () => await student.ExplainAsync(new("Rain."), Stop).ToListAsync(Stop));
        await student.ExplainAsync(new("Rain."), Stop).FirstAsync(Stop);

        Assert.Equal(["System.NotSupportedException", null], _heard.Of("duration").Select(one => one.Tags.GetValueOrDefault("error.type")));
        Assert.Equal([ActivityStatusCode.Error, ActivityStatusCode.Unset], _heard.Spans.Select(span => span.Status));
    }

    [Fact]
    public void Students_of_one_application_share_instruments_with_units_and_buckets_of_their_own()
    {
        using var one = Observe(new FakeStudent());
        using var other = Observe(new FakeStudent());
        other.Classify([new("Rain.")], cancellation: Stop);

        Assert.Equal(
            [
                "stepdistill.student.confidence 1", "stepdistill.student.cut {question}", "stepdistill.student.duration s",
                "stepdistill.student.familiarity 1", "stepdistill.student.input_tokens {token}", "stepdistill.student.questions {question}",
            ],
            _heard.Instruments.Select(instrument => $"{instrument.Name} {instrument.Unit}").Order());
        Assert.All(
            _heard.Instruments.OfType<Histogram<double>>(),
            histogram => Assert.Equal(histogram.Advice!.HistogramBucketBoundaries!.Order(), histogram.Advice.HistogramBucketBoundaries));
    }

    [Fact]
    public void Without_a_factory_and_a_listener_it_works_as_well()
    {
        using var student = new ObservedStudent(new FakeStudent());

        Assert.Equal("bad", student.Classify([new("Rain.")], cancellation: Stop)[0].Label);
    }

    [Fact]
    public void Disposing_twice_disposes_the_student_once()
    {
        using var fake = new FakeStudent();
        var student = Observe(fake);
        student.Dispose();
        student.Dispose();

        Assert.Equal(1, fake.Disposals);
    }

    private ObservedStudent Observe(FakeStudent student) => new(student, Meters, _time);

    private FakeStudent Slow(TimeSpan pace) => new() { Before = () => _time.Advance(pace) };
}
