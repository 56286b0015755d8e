using System.Text;
using CsCheck;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Tests.Teachers.BatchJobs;

public sealed class BatchJobTests
{
    private const string Full = """
        {"id":"batch_1","object":"batch","endpoint":"/v1/chat/completions","status":"in_progress","input_file_id":"f",
         "output_file_id":"out","error_file_id":null,"created_at":1700000000,"expires_at":1700086400,
         "request_counts":{"total":9,"completed":4,"failed":1},"metadata":{"stepdistill":"tag","other":"x"},
         "errors":{"object":"list","data":[{"code":"token_limit_exceeded","message":"Enqueued token limit reached","line":null},{"code":"bad","message":"Not JSON","line":3}]}}
        """;

    [Fact]
    public void Everything_that_matters_is_read()
    {
        var job = Parse(Full);

        Assert.Equal(("batch_1", BatchState.InProgress, "tag"), (job.Id, job.State, job.Tag));
        Assert.Equal((9L, 4L, 1L), (job.Total, job.Completed, job.Failed));
        Assert.Equal(("out", null), (job.OutputFile, job.ErrorFile));
        Assert.Equal(TimeSpan.FromDays(1), job.Expires - job.Created);
        Assert.Equal(["Enqueued token limit reached", "Not JSON (line 3)"], job.Errors);
        Assert.True(job.IsOverTokenLimit);
    }

    [Theory]
    [InlineData("validating", BatchState.Validating, false)]
    [InlineData("failed", BatchState.Failed, true)]
    [InlineData("in_progress", BatchState.InProgress, false)]
    [InlineData("finalizing", BatchState.Finalizing, false)]
    [InlineData("completed", BatchState.Completed, true)]
    [InlineData("expired", BatchState.Expired, true)]
    [InlineData("cancelling", BatchState.Cancelling, false)]
    [InlineData("cancelled", BatchState.Cancelled, true)]
    [InlineData("dreaming", BatchState.Unknown, false)]
    public void States_have_the_services_names(string name, BatchState state, bool isEnd)
    {
        Assert.Equal((state, isEnd), (BatchStates.Of(name), state.IsEnd()));
        Assert.Equal(state == BatchState.Unknown ? "unknown" : name, state.NameOf());
    }

    [Fact]
    public void What_a_service_leaves_out_is_not_known() =>
        Assert.Equal(new BatchJob { Id = "b", State = BatchState.Unknown, Errors = [] }, Parse("""{"id":"b"}""") with { Errors = [] });

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"id":7}""")]
    [InlineData("<html>")]
    public void Anything_else_is_no_batch(string json) =>
        Assert.Equal("The service's reply does not describe a batch.", Assert.Throws<InvalidDataException>(() => Parse(json)).Message);

    [Fact]
    public void A_page_is_a_list_of_batches()
    {
        Assert.Equal("batch_1", Assert.Single(BatchJob.ParsePage(Encoding.UTF8.GetBytes($$"""{"data":[{{Full}}],"has_more":false}"""))).Id);
        Assert.Throws<InvalidDataException>(() => BatchJob.ParsePage("""{"data":{}}"""u8.ToArray()));
    }

    [Fact]
    public void Damage_is_either_seen_or_harmless()
    {
        var bytes = Encoding.UTF8.GetBytes(Full);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Sample((at, other) =>
        {
            byte[] changed = [.. bytes];
            changed[at] = other;
            try
            {
                Assert.NotEmpty(BatchJob.Parse(changed).Id);
            }
            catch (InvalidDataException)
            {
            }

            Assert.Throws<InvalidDataException>(() => BatchJob.Parse(bytes.AsMemory(0, at)));
        });
    }

    private static BatchJob Parse(string json) => BatchJob.Parse(Encoding.UTF8.GetBytes(json));
}
