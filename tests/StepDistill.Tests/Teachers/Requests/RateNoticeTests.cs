using CsCheck;
using StepDistill.Teachers.Requests;

namespace StepDistill.Tests.Teachers.Requests;

public sealed class RateNoticeTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void OpenAIs_headers_tell_limits_and_what_is_left()
    {
        var notice = Read(
            ("x-ratelimit-limit-requests", "500"), ("x-ratelimit-remaining-requests", "499"), ("x-ratelimit-reset-requests", "120ms"),
            ("x-ratelimit-limit-tokens", "30000"), ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "1m30.5s"));
        Assert.Equal(new RateNotice(new(500, 30_000), TimeSpan.FromSeconds(90.5)), notice);
    }

    [Fact]
    public void Anthropics_headers_name_a_time_of_day()
    {
        var notice = Read(
            ("anthropic-ratelimit-requests-limit", "50"), ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-01-02T03:04:25Z"), ("anthropic-ratelimit-tokens-limit", "9"));
        Assert.Equal(new RateNotice(new(50, 9), TimeSpan.FromSeconds(20)), notice);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("0.25", 0.25)]
    [InlineData("Fri, 02 Jan 2026 03:05:05 GMT", 60)]
    [InlineData("Fri, 02 Jan 2026 03:00:00 GMT", 0)]        // past
    [InlineData("99999999", 3600)]                          // nobody waits for years
    public void Retry_after_is_seconds_or_a_date(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(("Retry-After", text)).Wait);

    [Fact]
    public void Milliseconds_are_more_exact() =>
        Assert.Equal(TimeSpan.FromSeconds(0.3), Read(("retry-after-ms", "300"), ("Retry-After", "1")).Wait);

    [Theory]
    [InlineData("soon")]
    [InlineData("-3")]
    [InlineData("")]
    [InlineData("NaN")]
    [InlineData("1e400")]
    [InlineData("∞")]
    public void What_makes_no_sense_is_passed_over(string text) =>
        Assert.Equal(new RateNotice(RateLimits.None, null), Read(("Retry-After", text), ("x-ratelimit-limit-requests", text)));

    [Fact]
    public void No_header_can_stop_a_run() => Gen.Select(Gen.String, Gen.String, Gen.String).Sample((one, two, three) =>
    {
        var notice = Read(
            ("Retry-After", one), ("retry-after-ms", two), ("x-ratelimit-limit-tokens", two), ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", three), ("anthropic-ratelimit-requests-limit", three));
        Assert.False(notice.Wait > RateNotice.LongestWait);
        Assert.False(notice.Wait < TimeSpan.Zero);
    });

    [Fact]
    public void Times_are_read_back() => Gen.Select(Gen.Int[0, 59], Gen.Int[0, 59], Gen.Int[0, 999]).Sample((minutes, seconds, milliseconds) =>
        Assert.Equal(
            new TimeSpan(0, 0, minutes, seconds, milliseconds).TotalSeconds,
            Read(("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", $"{minutes}m{seconds}s{milliseconds}ms")).Wait!.Value.TotalSeconds,
            1e-6));

    private static RateNotice Read(params (string Name, string Value)[] headers) =>
        RateNotice.Read(name => headers.FirstOrDefault(header => header.Name == name).Value, Now);
}
