using System.Net.Http.Headers;
using System.Text;
using StepDistill.Serving.Tests.Batching;
using StepDistill.Tasks;

namespace StepDistill.Serving.Tests.Predicting;

public sealed class PredictEndpointTests
{
    [Fact]
    public async Task One_input_has_one_answer()
    {
        await using var served = await Served.StartAsync();

        var (status, body, response) = await served.PostAsync("/v1/predict", """{"input": "a crow"}""");

        Assert.Equal(200, status);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            """
            {"answer":{"label":"a crow","confidence":0.75,"probabilities":[{"label":"a crow","probability":0.75},{"label":"no","probability":0.25}],
            "familiarity":0.5,"tokens":3,"cut":false},"student":{"name":"echo","version":"000000000001"}}
            """.ReplaceLineEndings(""),
            body.ToJsonString());
    }

    [Fact]
    public async Task Several_inputs_are_answered_in_their_order_each_with_its_own_choices()
    {
        await using var served = await Served.StartAsync();

        var (status, body, _) = await served.PostAsync(
            "/v1/predict", """{"inputs": ["a", {"input": "b", "choices": ["x", "y"]}, {"input": "c"}], "rationale": true}""");

        Assert.Equal(200, status);
        Assert.Equal(["a", "x", "c"], body["answers"]!.AsArray().Select(answer => answer!["label"]!.GetValue<string>()));
        Assert.Equal("because of b", body["answers"]![1]!["rationale"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_student_without_reasons_answers_without_them()
    {
        await using var served = await Served.StartAsync(() => new FakeStudent { GivesRationales = false });

        var (status, body, _) = await served.PostAsync("/v1/predict", """{"input": "a", "rationale": true}""");

        Assert.Equal(200, status);
        Assert.Null(body["answer"]!["rationale"]);
    }

    [Theory]
    [InlineData("""{"input": 1}""", "input", "a number")]
    [InlineData("""{"input": ""}""", "input", "is empty")]
    [InlineData("""{"input": null}""", "input", "null")]
    [InlineData("""{"inputs": []}""", "inputs", "is empty")]
    [InlineData("""{"inputs": "a"}""", "inputs", "must be an array")]
    [InlineData("""{"inputs": ["a", ["b"]]}""", "inputs[1]", "an array")]
    [InlineData("""{"inputs": ["a", {"input": "b", "choices": ["x", 1]}]}""", "inputs[1].choices[1]", "a number")]
    [InlineData("""{"inputs": ["a", {"text": "b"}]}""", "inputs[1].text", "no field")]
    [InlineData("""{"inputs": ["a"], "choices": ["x", "y"]}""", "choices", "belong to one input")]
    [InlineData("""{"input": "a", "inputs": ["b"]}""", "inputs", "both")]
    [InlineData("""{}""", "input", "neither")]
    [InlineData("""{"input": "a", "choices": ["x"]}""", "choices", "needs two")]
    [InlineData("""{"input": "a", "choices": ["x", "x"]}""", "choices", "twice")]
    [InlineData("""{"input": "a", "rationale": "yes"}""", "rationale", "true or false")]
    [InlineData("""{"input": "a", "rationales": true}""", "rationales", "no field rationales")]
    [InlineData("""{"input": "\ud800"}""", "input", "surrogate")]
    public async Task A_wrong_field_is_named(string body, string field, string said)
    {
        await using var served = await Served.StartAsync();

        var (status, fault, response) = await served.PostAsync("/v1/predict", body);

        Assert.Equal(400, status);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(field, fault["field"]!.GetValue<string>());
        Assert.Contains(said, fault["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(400, fault["status"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"a\"")]
    [InlineData("{\"input\": NaN}")]
    [InlineData("{\"input\": Infinity}")]
    [InlineData("{\"input\": \"a\",}")]
    [InlineData("{\"input\": \"a\"} {}")]
    [InlineData("{\"input\": \"a\" /* comment */}")]
    [InlineData("{\"input\": \"a\", \"input\": \"b\"}")]
    [InlineData("{\"\\ud800\": 1}")]
    [InlineData("{\"input\": [[[[[[[[[[[[]]]]]]]]]]]]}")]
    [InlineData("{\"input\": \"a")]
    public async Task What_is_no_strict_json_object_is_refused(string body)
    {
        await using var served = await Served.StartAsync();

        Assert.Equal(400, (await served.PostAsync("/v1/predict", body)).Status);
    }

    [Fact]
    public async Task Limits_are_kept()
    {
        await using var served = await Served.StartAsync(settings: Served.Settings with
        {
            MaxBodyBytes = 1000, MaxInputs = 3, MaxCharacters = 50, MaxTokens = 10, MaxChoices = 2,
        });

        Assert.Equal(413, (await served.PostAsync("/v1/predict", $$"""{"input": "{{new string('x', 1000)}}"}""")).Status);
        Assert.Equal(413, await ChunkedAsync(served, new string(' ', 5000)));
        Assert.Equal(413, (await served.PostAsync("/v1/predict", new string(' ', 5_000_000))).Status);
        Assert.Equal(400, (await served.PostAsync("/v1/predict", """{"inputs": ["a", "b", "c", "d"]}""")).Status);
        Assert.Contains("51 characters", await DetailAsync($$"""{"input": "{{new string('x', 51)}}"}"""), StringComparison.Ordinal);
        Assert.Contains("inputs[1] has 12 tokens", await DetailAsync($$"""{"inputs": ["a", "{{new string('x', 40)}}"]}"""), StringComparison.Ordinal);
        Assert.Contains("3 elements", await DetailAsync("""{"input": "a", "choices": ["x", "y", "z"]}"""), StringComparison.Ordinal);
        Assert.Equal(200, (await served.PostAsync("/v1/predict", """{"input": "a", "choices": ["x", "y"]}""")).Status);

        async Task<string> DetailAsync(string body) => (await served.PostAsync("/v1/predict", body)).Body["detail"]!.GetValue<string>();
    }

    [Theory]
    [InlineData("text/plain", null)]
    [InlineData("application/json; charset=utf-16", null)]
    [InlineData(null, null)]
    [InlineData("application/json", "gzip")]
    public async Task Another_type_of_body_is_refused(string? type, string? encoding)
    {
        await using var served = await Served.StartAsync();
        using var content = new ByteArrayContent("""{"input": "a"}"""u8.ToArray());
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/predict") { Content = content };

        Assert.Equal(415, (await served.SendAsync(request)).Status);
    }

    [Fact]
    public async Task Text_that_is_not_utf8_is_refused()
    {
        await using var served = await Served.StartAsync();
        using var content = new ByteArrayContent([.. "{\"input\": \""u8, 0xFF, 0xFE, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/predict") { Content = content };

        var (status, body, _) = await served.SendAsync(request);

        Assert.Equal(400, status);
        Assert.Contains("UTF-8", body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_student_cannot_answer_is_said_in_its_words()
    {
        await using var served = await Served.StartAsync(() => new FakeStudent { Answer = AnswerKind.Choice });

        var (status, body, _) = await served.PostAsync("/v1/predict", """{"input": "a"}""");

        Assert.Equal(422, status);
        Assert.Equal("The question has no choices.", body["detail"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_fault_of_the_student_tells_the_client_nothing_and_the_log_no_text()
    {
        var log = new LogLines();
        await using var served = await Served.StartAsync(
            () => new FakeStudent
            {
                Before = (rows, _) =>
                {
                    if (rows[0].Input.Contains("secret", StringComparison.Ordinal))
                    {
                        throw new InvalidDataException($"Bad: {rows[0].Input}");
                    }
                },
            },
            log: log);

        var (status, body, _) = await served.PostAsync("/v1/predict", """{"input": "a secret text"}""");

        Assert.Equal(500, status);
        Assert.DoesNotContain("secret", body.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains(log.Lines, line => line.Contains("/v1/predict failed with InvalidDataException", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_says_how_long_it_will_wait()
    {
        using var latch = new Latch();
        await using var served = await Served.StartAsync(() => latch.Student("slow"));
        var slow = served.PostAsync("/v1/predict", """{"input": "slow"}""");
        latch.WaitEntered();
        using var hasty = new HttpRequestMessage(HttpMethod.Post, "/v1/predict") { Content = new StringContent("""{"input": "a"}""", Encoding.UTF8, "application/json") };
        hasty.Headers.Add("Prefer", "wait=1");

        var (status, body, response) = await served.SendAsync(hasty);

        Assert.Equal(429, status);
        Assert.Contains("deadline", body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.NotNull(response.Headers.RetryAfter);
        latch.Open();
        Assert.Equal(200, (await slow).Status);
    }

    private static async Task<int> ChunkedAsync(Served served, string body)
    {
        using var content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(body)));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/predict") { Content = content };
        request.Headers.TransferEncodingChunked = true;
        return (await served.SendAsync(request)).Status;
    }
}
