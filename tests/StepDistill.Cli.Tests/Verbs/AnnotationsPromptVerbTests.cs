using System.Text.Json.Nodes;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class AnnotationsPromptVerbTests
{
    [Fact]
    public async Task The_first_rows_prompt_is_shown_with_what_goes_with_it()
    {
        using var folder = new TemporaryFolder();

        var run = await Show(folder, "--set", "teacher.form=completion");

        Assert.Equal(
            """
            a (train)

            [user]
            Answer the question. First give your reasons in one to three short sentences, then the answer, in this form:
            REASONS
            Answer: ANSWER
            ANSWER is one of: fly, swim. Choose one even when in doubt.

            Question: gull
            Reasons: It has wings.
            Answer: fly

            Question: penguin
            Reasons:

            model:       "big"
            temperature: 0
            max_tokens:  512
            stop:        ["\nQuestion:"]
            tokens:      about 68, a quarter of its 270 bytes; only the model's own tokenizer knows

            """,
            run.Output, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task Another_row_is_found_by_its_id_in_any_split()
    {
        using var folder = new TemporaryFolder();

        var run = await Show(folder, "u", "--json");

        Assert.Equal("test", run.Json["split"]!.GetValue<string>());
        Assert.Matches("^[0-9a-f]{64}$", run.Json["key"]!.GetValue<string>());
        var prompt = Assert.Single(run.Json["prompts"]!.AsArray())!;
        Assert.Equal("text", prompt["output"]!.GetValue<string>());
        Assert.Equal(
            ["system", "user", "assistant", "user"], prompt["messages"]!.AsArray().Select(message => message!["role"]!.GetValue<string>()));
        Assert.Equal("puffin", prompt["messages"]![3]!["text"]!.GetValue<string>());
        Assert.Equal(512, prompt["parameters"]!["max_tokens"]!.GetValue<int>());
        Assert.True(prompt["tokens_about"]!.GetValue<int>() * 4 >= prompt["bytes"]!.GetValue<int>());
    }

    [Fact]
    public async Task Where_a_probe_will_decide_both_prompts_are_shown()
    {
        using var folder = new TemporaryFolder();

        var run = await Show(folder, "--json", "--set", "teacher.output=auto");
        var text = await Show(folder, "--set", "teacher.output=auto");

        var prompts = run.Json["prompts"]!.AsArray();
        Assert.Equal(["json", "text"], prompts.Select(prompt => prompt!["output"]!.GetValue<string>()));
        Assert.Equal(
            ["fly", "swim"], prompts[0]!["parameters"]!["schema"]!["properties"]!["label"]!["enum"]!.AsArray().Select(label => label!.GetValue<string>()));
        Assert.Null(prompts[1]!["parameters"]!["schema"]);
        Assert.Contains("One request more will show", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_without_a_gold_label_have_no_prompt_that_gives_it()
    {
        using var folder = new TemporaryFolder();

        var shown = await Show(folder, "--set", "teacher.rationale=for-gold");
        var refused = await Show(folder, "d", "--set", "teacher.rationale=for-gold");

        Assert.Contains("penguin\nAnswer: swim\nReasons:", shown.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failure, refused.Code);
        Assert.Contains("the row 'd'", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_id_is_answered_with_where_to_find_them()
    {
        using var folder = new TemporaryFolder();

        var run = await Show(folder, "zz");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("No row of birds has the id 'zz'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recorded_answers_have_no_prompt()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new AnnotationsPromptVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"]);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("The teacher of birds is 'recorded'", run.Error, StringComparison.Ordinal);
        Assert.Contains("teacher.name 'chat'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newcomers_demonstrations_are_answered_with_what_is_wrong_with_them()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        var demonstrations = folder.Write("demos.jsonl", """
            {"text":"gull","reason":"It has wings.","label":"fly"}
            {"input":"gull","rationale":"It has wings.","label":"flies"}
            {"input":"gull","reason":"It has wings.","label":"fly"}
            """);

        var run = await Run.Verb(
            new AnnotationsPromptVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", "teacher.name=chat",
            "--set", "teacher.model=big", "--set", $"teacher.demonstrations={demonstrations}");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("demos.jsonl has 3 faulty rows:", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 1: it has no 'input'; it has 'text', 'reason', 'label'.", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 2: its label 'flies' is not one that the task allows: fly, swim.", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 3: it has no 'rationale', and the reasons are what it shows; it has", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_shown_is_what_is_sent()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(prompt => (200, prompt.Contains("blue", StringComparison.Ordinal)
            ? """{"word":"tamarack-7"}"""
            : """{"rationale":"It has wings.","label":"fly"}"""));
        string[] more = ["--set", $"teacher.endpoint={server.Address}", "--set", "teacher.output=auto"];
        var shown = (await Show(folder, ["--json", .. more])).Json["prompts"]![0]!;
        Assert.Empty(server.Requests);

        var run = await Run.Verb(new AnnotateVerb(FakeStages.Create()), Words(folder, [.. more, "--set", "teacher.concurrency=1"]));

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal(5, server.Requests.Count);     // one to see whether it enforces a schema, and four rows
        var sent = server.Requests.Single(request => request["messages"]!.AsArray()[^1]!.ToJsonString().Contains("penguin", StringComparison.Ordinal));
        Assert.Equal(
            shown["messages"]!.AsArray().Select(message => (message!["role"]!.GetValue<string>(), message["text"]!.GetValue<string>())),
            sent["messages"]!.AsArray().Select(message => (message!["role"]!.GetValue<string>(), Text(message["content"]!))));
        Assert.Equal("big", sent["model"]!.GetValue<string>());
        Assert.Equal("json_schema", sent["response_format"]!["type"]!.GetValue<string>());
        Assert.True(sent["response_format"]!["json_schema"]!["strict"]!.GetValue<bool>());
        Assert.True(JsonNode.DeepEquals(shown["parameters"]!["schema"], sent["response_format"]!["json_schema"]!["schema"]));
        Assert.Contains("One request more will show whether the server enforces a JSON schema.\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("It does, so replies are asked for as JSON.\n", run.Output, StringComparison.Ordinal);

        static string Text(JsonNode content) => content is JsonArray parts ? parts[0]!["text"]!.GetValue<string>() : content.GetValue<string>();
    }

    private static Task<Run> Show(TemporaryFolder folder, params string[] more) =>
        Run.Verb(new AnnotationsPromptVerb(FakeStages.Create()), Words(folder, more));

    private static string[] Words(TemporaryFolder folder, string[] more)
    {
        var recipe = Birds.WriteTo(folder);
        var demonstrations = folder.Write("demos.jsonl", """{"input":"gull","rationale":"It has wings.","label":"fly"}""");
        var id = more.TakeWhile(word => !word.StartsWith('-')).ToArray();
        return
        [
            recipe, .. id, "--runs", folder["runs"], "--set", "teacher.name=chat", "--set", "teacher.model=big",
            "--set", $"teacher.demonstrations={demonstrations}", .. more[id.Length..],
        ];
    }
}
