namespace StepDistill.Serving.Tests.Http;

public sealed class GateTests
{
    private const string Key = "a-key-of-some-length";
    private const string Other = "another-key-of-some-length";
    private const string Admin = "the-administrators-key";

    private static readonly ServeSettings WithKeys = Served.Settings with { Keys = [Key, Other], AdminKeys = [Admin] };

    [Theory]
    [InlineData(Key, 200)]
    [InlineData(Other, 200)]
    [InlineData(Admin, 200)]
    [InlineData("a-key-of-some-lengt", 401)]
    [InlineData("a-key-of-some-length2", 401)]
    [InlineData("A-key-of-some-length", 401)]
    [InlineData("", 401)]
    [InlineData(null, 401)]
    public async Task A_key_opens(string? key, int status)
    {
        await using var served = await Served.StartAsync(settings: WithKeys);

        var (answered, _, response) = await served.PostAsync("/v1/predict", """{"input": "a"}""", key);

        Assert.Equal(status, answered);
        Assert.Equal(status == 401, response.Headers.WwwAuthenticate.Any(header => header.Scheme == "Bearer"));
    }

    [Fact]
    public async Task The_other_header_opens_too_and_health_needs_no_key()
    {
        await using var served = await Served.StartAsync(settings: WithKeys);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/student");
        request.Headers.Add("X-Api-Key", Other);

        Assert.Equal(200, (await served.SendAsync(request)).Status);
        Assert.Equal(200, await served.StatusAsync("/healthz"));
        Assert.Equal(200, await served.StatusAsync("/readyz"));
        Assert.Equal(200, await served.StatusAsync("/"));
        Assert.Equal(401, await served.StatusAsync("/metrics"));
        Assert.Equal(401, await served.StatusAsync("/v1/models"));
    }

    [Fact]
    public async Task A_key_too_long_or_strange_is_no_fault()
    {
        await using var served = await Served.StartAsync(settings: WithKeys);

        foreach (var key in new[] { new string('x', 512), new string('x', 5000), " " })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/student");
            request.Headers.TryAddWithoutValidation("X-Api-Key", key);
            Assert.InRange((await served.Client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode, (System.Net.HttpStatusCode)400, (System.Net.HttpStatusCode)401);
        }
    }

    [Fact]
    public async Task Only_an_administrator_changes_the_student()
    {
        var version = 0;
        await using var served = await Served.StartAsync(() => new FakeStudent { Version = $"{version / 2}" }, WithKeys);

        Assert.Equal(401, (await served.PostAsync("/v1/admin/reload", "", Key)).Status);
        version = 1;
        Assert.Equal("false", (await served.PostAsync("/v1/admin/reload", "", Admin)).Body["changed"]!.ToJsonString());
        version = 2;
        Assert.Equal("true", (await served.PostAsync("/v1/admin/reload", "", Admin)).Body["changed"]!.ToJsonString());

        await using var withoutKeys = await Served.StartAsync();
        Assert.Equal(403, (await withoutKeys.PostAsync("/v1/admin/reload", "")).Status);
    }

    [Fact]
    public async Task Without_keys_the_server_answers_to_names_of_this_machine_only()
    {
        await using var served = await Served.StartAsync();
        async Task<int> AskedAs(string host)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/student");
            request.Headers.Host = host;
            return (await served.SendAsync(request)).Status;
        }

        Assert.Equal(200, await AskedAs("localhost:8080"));
        Assert.Equal(200, await AskedAs("127.0.0.1"));
        Assert.Equal(421, await AskedAs("evil.example"));
        Assert.Equal(421, await AskedAs("127.0.0.1.evil.example"));
    }

    [Fact]
    public async Task Every_answer_bears_the_headers_that_hold_browsers_back()
    {
        await using var served = await Served.StartAsync(settings: WithKeys);

        foreach (var path in new[] { "/", "/healthz", "/v1/student", "/nowhere" })
        {
            using var response = await served.Client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Contains("default-src 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.False(response.Headers.Contains("Server"));
        }
    }

    [Fact]
    public async Task No_log_at_any_level_but_trace_holds_what_was_asked_or_a_key()
    {
        var log = new LogLines();
        await using var served = await Served.StartAsync(settings: WithKeys, log: log);

        await served.PostAsync("/v1/predict", """{"input": "hush"}""", Key);
        await served.PostAsync("/v1/predict", """{"input": "hush", "hush": 1}""", Key);
        await served.PostAsync("/v1/predict", """{"input": "hush" """, Other);

        Assert.NotEmpty(log.Lines);
        Assert.DoesNotContain(log.Lines, line => line.Contains("hush", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Lines, line => line.Contains("of-some-length", StringComparison.Ordinal));
    }
}
