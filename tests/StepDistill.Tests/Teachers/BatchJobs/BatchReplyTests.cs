using System.Text;
using CsCheck;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Tests.Teachers.BatchJobs;

public sealed class BatchReplyTests
{
    private static readonly string Key = new('a', 64);

    [Fact]
    public void An_answer_is_its_body_untouched() => Assert.Equal(
        new BatchReply(Key, 200, """{ "x": 1.0 }""", null),
        Parse($$$"""{"id":"1","custom_id":"{{{Key}}}","response":{"status_code":200,"request_id":"r","body":{ "x": 1.0 }},"error":null}"""));

    [Theory]
    [InlineData("""{"status_code":400,"body":{"error":{"message":"too\nlong."}}}""", 400, "The service answered 400: too long.")]
    [InlineData("""{"status_code":500,"body":null}""", 500, "The service answered 500.")]
    [InlineData("""{"status_code":200,"body":"text"}""", 200, "The service answered 200 without a reply.")]
    [InlineData("""{"body":{}}""", 0, "The service did not answer this question of the batch.")]
    public void A_failure_says_why(string response, int status, string fault)
    {
        var reply = Parse($$$"""{"custom_id":"{{{Key}}}","response":{{{response}}}}""");

        Assert.Equal(new BatchReply(Key, status, null, fault), reply);
        Assert.False(reply!.IsGood);
    }

    [Theory]
    [InlineData("batch_expired", BatchReply.NotAsked)]
    [InlineData("batch_cancelled", BatchReply.NotAsked)]
    [InlineData("server_error", 0)]
    public void A_question_that_was_never_asked_is_no_failure_of_its_own(string code, int status) =>
        Assert.Equal(status, Parse($$$"""{"custom_id":"{{{Key}}}","response":null,"error":{"code":"{{{code}}}","message":"m"}}""")!.Status);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"custom_id":"7","response":{"status_code":200,"body":{}}}""")]
    [InlineData("""{"response":{"status_code":200,"body":{}}}""")]
    public void What_answers_nothing_of_ours_is_nothing(string line) => Assert.Null(Parse(line));

    [Fact]
    public void An_answer_without_response_and_error_is_nothing() => Assert.Null(Parse($$$"""{"custom_id":"{{{Key}}}"}"""));

    [Fact]
    public void No_line_whatever_is_more_than_nothing_and_cut_ones_are_no_answers()
    {
        var good = Encoding.UTF8.GetBytes($$$"""{"custom_id":"{{{Key}}}","response":{"status_code":200,"body":{"text":"é \ud83d\ude00"}},"error":null}""");
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Byte.Array[0, 30]).Sample((at, other, tail) =>
        {
            Assert.Null(BatchReply.Parse(good.AsMemory(0, at)));
            _ = BatchReply.Parse(tail);
            byte[] changed = [.. good];
            changed[at] = other;
            var reply = BatchReply.Parse(changed);
            Assert.True(reply is null || (BatchReply.IsKey(reply.Key) && (reply.Body is null) == (reply.Fault is not null)));
        });
    }

    private static BatchReply? Parse(string line) => BatchReply.Parse(Encoding.UTF8.GetBytes(line));
}
