using System.ClientModel;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using StepDistill.Serving.Chat;

namespace StepDistill.Serving.Tests.Chat;

public sealed class ChatEndpointTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reply_has_the_form_of_the_protocol()
    {
        await using var served = await Served.StartAsync();

        var (status, body, _) = await served.PostAsync("/v1/chat/completions", """
            {"model": "echo", "temperature": 0, "tools": [], "seed": 1, "user": "somebody", "logprobs": true, "top_logprobs": 2,
             "messages": [{"role": "system", "content": "Answer."}, {"role": "user", "content": "first"},
                          {"role": "assistant", "content": "first"}, {"role": "user", "content": [{"type": "text", "text": "a "}, {"type": "text", "text": "crow"}]}]}
            """);

        Assert.Equal(200, status);
        Assert.Equal("chat.completion", body["object"]!.GetValue<string>());
        Assert.StartsWith("chatcmpl-", body["id"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("echo", body["model"]!.GetValue<string>());
        Assert.Equal("""{"role":"assistant","content":"a crow","refusal":null}""", body["choices"]![0]!["message"]!.ToJsonString());
        Assert.Equal("stop", body["choices"]![0]!["finish_reason"]!.GetValue<string>());
        Assert.Equal(Math.Log(0.75), body["choices"]![0]!["logprobs"]!["content"]![0]!["logprob"]!.GetValue<double>(), 12);
        Assert.Equal(2, body["choices"]![0]!["logprobs"]!["content"]![0]!["top_logprobs"]!.AsArray().Count);
        Assert.Equal("""{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}""", body["usage"]!.ToJsonString());
    }

    [Fact]
    public async Task The_official_client_works()
    {
        await using var served = await Served.StartAsync();
        var client = Official(served, "echo");

        var whole = (await client.CompleteChatAsync([new UserChatMessage("a crow")], cancellationToken: Stop)).Value;
        var streamed = new List<string>();
        var usage = 0;
        await foreach (var part in client.CompleteChatStreamingAsync([new UserChatMessage("an auk")], cancellationToken: Stop))
        {
            streamed.AddRange(part.ContentUpdate.Select(one => one.Text));
            usage = part.Usage?.TotalTokenCount ?? usage;
        }

        Assert.Equal(("a crow", OpenAI.Chat.ChatFinishReason.Stop), (whole.Content[0].Text, whole.FinishReason));
        Assert.Equal("an auk", string.Concat(streamed));
        Assert.Equal(5, usage);
    }

    [Fact]
    public async Task The_client_of_dotnet_asks_for_an_object_and_has_it()
    {
        await using var served = await Served.StartAsync();
        using var client = Official(served, "student").AsIChatClient();

        var reply = await client.GetResponseAsync<Verdict>("a crow", cancellationToken: Stop);

        Assert.Equal(new Verdict("a crow", "because of a crow"), reply.Result);
    }

    [Fact]
    public async Task An_unknown_model_is_refused_as_clients_expect()
    {
        await using var served = await Served.StartAsync();

        var refused = await Assert.ThrowsAsync<ClientResultException>(
            () => Official(served, "gpt-4o").CompleteChatAsync([new UserChatMessage("a")], cancellationToken: Stop));
        var (status, body, _) = await served.PostAsync("/v1/chat/completions", """{"model": "gpt-4o", "messages": [{"role": "user", "content": "a"}]}""");

        Assert.Equal(404, refused.Status);
        Assert.Equal(404, status);
        Assert.Equal(("model_not_found", "model", "invalid_request_error"), (Of("code"), Of("param"), Of("type")));

        string Of(string name) => body["error"]![name]!.GetValue<string>();
    }

    [Fact]
    public async Task Reasons_are_streamed_before_the_label()
    {
        await using var served = await Served.StartAsync();

        var events = await EventsAsync(served, """
            {"model": "student", "stream": true, "reasoning_effort": "low", "stream_options": {"include_usage": true},
             "messages": [{"role": "user", "content": "a crow"}]}
            """);

        Assert.Equal("[DONE]", events[^1]);
        var chunks = events[..^1].Select(text => JsonNode.Parse(text)!).ToList();
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", chunk["object"]!.GetValue<string>()));
        var deltas = chunks[..^1].Select(chunk => chunk["choices"]![0]!["delta"]!).ToList();
        Assert.Equal("because of a crow ", string.Concat(deltas.Select(delta => delta["reasoning_content"]?.GetValue<string>())));
        Assert.Equal("a crow", string.Concat(deltas.Select(delta => delta["content"]?.GetValue<string>())));
        Assert.Equal("stop", chunks[^2]["choices"]![0]!["finish_reason"]!.GetValue<string>());
        Assert.Equal(3, chunks[^1]["usage"]!["prompt_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task More_streams_of_reasons_than_allowed_are_refused_before_they_begin()
    {
        await using var served = await Served.StartAsync(settings: Served.Settings with { MaxStreams = 1 });
        served.Server.Service.BeginStream();

        var (status, _, response) = await served.PostAsync("/v1/chat/completions", """
            {"model": "student", "stream": true, "rationale": true, "messages": [{"role": "user", "content": "a"}]}
            """);

        Assert.Equal(429, status);
        Assert.NotNull(response.Headers.RetryAfter);
        served.Server.Service.EndStream();
        Assert.NotEmpty(await EventsAsync(served, """{"model": "student", "stream": true, "rationale": true, "messages": [{"role": "user", "content": "a"}]}"""));
    }

    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}]}""", "model")]
    [InlineData("""{"model": "echo"}""", "messages")]
    [InlineData("""{"model": "echo", "messages": []}""", "messages")]
    [InlineData("""{"model": "echo", "messages": [{"role": "system", "content": "a"}]}""", "messages")]
    [InlineData("""{"model": "echo", "messages": [{"role": "king", "content": "a"}]}""", "messages[0].role")]
    [InlineData("""{"model": "echo", "messages": [{"role": "user", "content": 1}]}""", "messages[0].content")]
    [InlineData("""{"model": "echo", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"model": "echo", "messages": ["a"]}""", "messages[0]")]
    [InlineData("""{"model": "echo", "n": 2, "messages": [{"role": "user", "content": "a"}]}""", "n")]
    [InlineData("""{"model": "echo", "n": 1e9, "messages": [{"role": "user", "content": "a"}]}""", "n")]
    [InlineData("""{"model": "echo", "stream": "yes", "messages": [{"role": "user", "content": "a"}]}""", "stream")]
    [InlineData("""{"model": "echo", "response_format": {"type": "xml"}, "messages": [{"role": "user", "content": "a"}]}""", "response_format.type")]
    [InlineData("""{"model": "echo", "response_format": {"type": "json_schema", "json_schema": {"schema": {"properties": {"price": {}}}}}, "messages": [{"role": "user", "content": "a"}]}""", "response_format.json_schema.schema.properties")]
    public async Task A_wrong_field_is_named_in_the_form_of_the_protocol(string body, string field)
    {
        await using var served = await Served.StartAsync();

        var (status, fault, response) = await served.PostAsync("/v1/chat/completions", body);

        Assert.Equal(400, status);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(field, fault["error"]!["param"]!.GetValue<string>());
        Assert.True(fault["error"]!.AsObject().ContainsKey("code"));
    }

    [Fact]
    public async Task The_list_of_models_is_the_student()
    {
        await using var served = await Served.StartAsync();

        var models = JsonNode.Parse(await served.GetAsync("/v1/models"))!;

        Assert.Equal(["echo", "echo@000000000001"], models["data"]!.AsArray().Select(model => model!["id"]!.GetValue<string>()));
        Assert.Equal(ModelList.Alias, "student");
    }

    private static ChatClient Official(Served served, string model) => new(
        model, new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(served.Server.Address, "/v1") });

    private static async Task<List<string>> EventsAsync(Served served, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await served.Client.PostAsync("/v1/chat/completions", content, Stop);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return [.. (await response.Content.ReadAsStringAsync(Stop)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line["data: ".Length..])];
    }

    private sealed record Verdict(string Label, string Rationale);
}
