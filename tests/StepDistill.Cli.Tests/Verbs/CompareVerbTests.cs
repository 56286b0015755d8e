using Microsoft.Extensions.AI;
using StepDistill.Cli.Verbs;
using StepDistill.Recipes;

namespace StepDistill.Cli.Tests.Verbs;

public sealed partial class CompareVerbTests
{
    [Fact]
    public async Task Every_run_and_every_pair_of_arms_is_reported()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new CompareVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], "--json",
            "--arms", "finetune,step-by-step", "--seeds", "0,1", "--fractions", "0.5,1");

        Assert.Equal(ExitCode.Success, run.Code);
        var cells = run.Json["cells"]!.AsArray();
        Assert.Equal(8, cells.Count);
        Assert.All(cells, cell => Assert.Equal(
            (0.5, 1, 2),
            (cell!["accuracy"]!.GetValue<double>(), cell["correct"]!.GetValue<int>(), cell["rows"]!.GetValue<int>())));
        Assert.Equal([0.5, 1.0], cells.Select(cell => cell!["fraction"]!.GetValue<double>()).Distinct());
        var pairs = run.Json["differences"]!.AsArray();
        Assert.Equal(2, pairs.Count);
        Assert.All(pairs, pair => Assert.Equal(
            ("step-by-step", "finetune", 0.0),
            (pair!["arm"]!.GetValue<string>(), pair["against"]!.GetValue<string>(), pair["difference"]!.GetValue<double>())));
        Assert.All(pairs, pair => Assert.NotNull(pair!["low"]));
        Assert.True(File.Exists(run.Json["report"]!.GetValue<string>()));
        Assert.Contains("Comparing:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_that_are_done_are_not_answered_again()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        var answered = 0;
        var stages = FakeStages.Create(answer: _ => $"{answered++}");
        string[] words = [recipe, "--runs", folder["runs"], "--seeds", "0,1", "--arms", "finetune,step-by-step"];

        await Run.Verb(new CompareVerb(stages), words);
        var first = answered;
        await Run.Verb(new CompareVerb(stages), words);
        var second = answered;
        File.AppendAllText(folder["test.jsonl"], "\n{\"id\":\"new\",\"input\":\"gull\",\"label\":\"fly\"}\n");
        await Run.Verb(new CompareVerb(stages), words);

        Assert.Equal((8, 8), (first, second));
        Assert.Equal(8 + 12, answered);     // other rows are not the same rows, though the file's name is
    }

    [Fact]
    public async Task A_run_that_fails_is_told_and_the_others_go_on()
    {
        using var folder = new TemporaryFolder();
        var stages = FakeStages.Create(train: (recipe, _) =>
        {
            if (recipe.Recipe.Training is { Arm: Arms.Finetune, Seed: 1 })
            {
                throw new StepDistillException("The loss is not a number.");
            }
        });

        var run = await Run.Verb(
            new CompareVerb(stages), Birds.WriteTo(folder), "--runs", folder["runs"], "--json", "--seeds", "0,1");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Equal(
            ["The loss is not a number."],
            run.Json["cells"]!.AsArray().Select(cell => cell!["fault"]?.GetValue<string>()).OfType<string>());
        Assert.Contains("1 of 6 runs failed", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_loses_nothing()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var recipe = Birds.WriteTo(folder);
        var trained = 0;
        var stages = FakeStages.Create(train: (_, cancellation) =>
        {
            if (++trained == 3)
            {
                stop.Cancel();
                cancellation.ThrowIfCancellationRequested();
            }
        });

        var run = await Run.Verb(new CompareVerb(stages), stop.Token, recipe, "--runs", folder["runs"]);
        var runs = await Run.Verb(new RunsVerb(), "--runs", folder["runs"], "--json");

        Assert.Equal(ExitCode.Stopped, run.Code);
        Assert.Equal(2, runs.Json["runs"]!.AsArray().Count);
    }

    [Fact]
    public async Task Sizes_and_settings_are_runs_of_their_own()
    {
        using var folder = new TemporaryFolder();
        var trained = new List<(string Run, string? Student, double Alpha)>();
        var stages = FakeStages.Create(train: (recipe, _) => trained.Add(
            (recipe.Run.Name, recipe.Recipe.Student.Config, recipe.Recipe.Training.Alpha)));

        var run = await Run.Verb(
            new CompareVerb(stages), Birds.WriteTo(folder), "--runs", folder["runs"], "--json", "--seeds", "0",
            "--arms", "step-by-step,shuffled-rows", "--students", "t5-v1_1-nano,t5-v1_1-tiny", "--vary", "training.alpha=0.2,0.5");

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal(8, trained.Count);
        Assert.Contains(("step-by-step-1-seed0-t5-v1_1-tiny-alpha=0.2", "t5-v1_1-tiny", 0.2), trained);
        Assert.Contains(("step-by-step-shuffled-rows-1-seed0-t5-v1_1-nano-alpha=0.5", "t5-v1_1-nano", 0.5), trained);
        Assert.Equal(
            ["t5-v1_1-nano-alpha=0.2", "t5-v1_1-nano-alpha=0.5", "t5-v1_1-tiny-alpha=0.2", "t5-v1_1-tiny-alpha=0.5"],
            run.Json["variants"]!.AsArray().Select(variant => variant!["name"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("step-by-step within 100 of finetune", ExitCode.Success)]
    [InlineData("step-by-step > finetune", ExitCode.GateNotMet)]
    public async Task A_gate_decides_over_the_exit_code(string condition, int code)
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new CompareVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], "--json", "--seeds", "0", "--gate", condition);

        Assert.Equal(code, run.Code);
        Assert.Equal(code == ExitCode.Success, run.Json["gates"]![0]!["met"]!.GetValue<bool>());
        Assert.Equal(code != ExitCode.Success, run.Error.Contains($"The gate '{condition}' is not met", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reasons_are_set_beside_the_teachers_where_it_has_some()
    {
        using var folder = new TemporaryFolder();
        string[] words =
        [
            Birds.WriteTo(folder), "--runs", folder["runs"], "--json", "--seeds", "0", "--arms", "finetune,step-by-step",
            "--set", $"task.test={folder["valid.jsonl"]}",
        ];

        var run = await Run.Verb(new CompareVerb(FakeStages.Create()), words);
        var without = await Run.Verb(new CompareVerb(FakeStages.Create()), [.. words, "--rationale-rows", "0"]);

        // The student writes "it is auk", the teacher "It dives.": one word of three and two.
        Assert.Equal([null, 0.4], run.Json["cells"]!.AsArray().Select(cell => cell!["rationale_overlap"]?.GetValue<double>()));
        Assert.All(without.Json["cells"]!.AsArray(), cell => Assert.Null(cell!["rationale_overlap"]));
    }

    [Fact]
    public async Task A_judge_is_asked_once_about_reasons_for_the_same_label()
    {
        using var folder = new TemporaryFolder();
        var model = new CountingJudge();
        var stages = FakeStages.Create(answer: _ => "swim") with { Judge = section => section.Model == "wise" ? model : throw new InvalidOperationException() };
        string[] words =
        [
            Birds.WriteTo(folder), "--runs", folder["runs"], "--json", "--seeds", "0", "--arms", "step-by-step",
            "--set", $"task.test={folder["valid.jsonl"]}", "--judge", "wise",
        ];

        var first = await Run.Verb(new CompareVerb(stages), words);
        var again = await Run.Verb(new CompareVerb(stages), words);

        Assert.Equal(2, model.Asked);       // one row in both orders, and not a second time
        foreach (var run in (Run[])[first, again])
        {
            var judgement = run.Json["rationales"]!["judgement"]!;
            Assert.Equal(("wise", 1, 1), (
                judgement["judge"]!.GetValue<string>(), judgement["rows"]!.GetValue<int>(), judgement["prefers_teacher"]!.GetValue<int>()));
        }
    }

    [Fact]
    public async Task A_judge_that_was_not_reached_for_some_rows_is_asked_again()
    {
        using var folder = new TemporaryFolder();
        var model = new CountingJudge { Fails = 1 };
        var stages = FakeStages.Create(answer: _ => "swim") with { Judge = _ => model };
        string[] words =
        [
            Birds.WriteTo(folder), "--runs", folder["runs"], "--json", "--seeds", "0", "--arms", "step-by-step",
            "--set", $"task.test={folder["valid.jsonl"]}", "--judge", "wise",
        ];

        var first = await Run.Verb(new CompareVerb(stages), words);
        var again = await Run.Verb(new CompareVerb(stages), words);

        Assert.Equal((1, 1), Counts(first, "undecided", "unanswered"));
        Assert.Equal((0, 0), Counts(again, "undecided", "unanswered"));
        Assert.Equal(4, model.Asked);

        static (int, int) Counts(Run run, string one, string other) => run.Json["rationales"]!["judgement"]! is var judgement
            ? (judgement[one]!.GetValue<int>(), judgement[other]!.GetValue<int>())
            : default;
    }

    [Fact]
    public async Task With_prices_it_says_when_distilling_has_paid()
    {
        using var folder = new TemporaryFolder();
        string[] words = [Birds.WriteTo(folder), "--runs", folder["runs"], "--json", "--seeds", "0", "--arms", "step-by-step"];

        var without = await Run.Verb(new CompareVerb(FakeStages.Create()), words);
        var with = await Run.Verb(new CompareVerb(FakeStages.Create()), [.. words, "--teacher-price", "5", "--machine-price", "3.6"]);

        Assert.Null(without.Json["costs"]!["student_per_thousand"]);
        Assert.Contains("--machine-price", without.Json["costs"]!["student_note"]!.GetValue<string>(), StringComparison.Ordinal);
        var costs = with.Json["costs"]!;
        Assert.Equal(5, costs["teacher_per_thousand"]!.GetValue<double>());
        Assert.Equal(0.02, costs["annotating"]!.GetValue<double>(), 1e-12);     // four rows
        Assert.Equal(0.001, costs["training"]!.GetValue<double>(), 1e-12);      // one second
        var saved = 0.005 - (costs["student_per_thousand"]!.GetValue<double>() / 1000);
        Assert.Equal(0.021 / saved, costs["paid_after"]!.GetValue<double>(), 1e-6);
    }

    [Theory]
    [InlineData("--vary", "training.seed=1,2", "cannot differ within a comparison")]
    [InlineData("--vary", "training.alpha", "has no values")]
    [InlineData("--vary", "training.alpha=2", "training.alpha")]
    [InlineData("--gate", "step-by-step beats finetune", "has none of these forms")]
    [InlineData("--arms", "finetune,magic", "'magic' is no arm")]
    [InlineData("--fractions", "0,1", "The fraction 0 is not above 0")]
    [InlineData("--seeds", "1,1", "1 stands twice among the seeds")]
    public async Task A_plan_that_makes_no_sense_is_wrong_usage(string option, string value, string message)
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new CompareVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], option, value);

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_word_among_the_seeds_is_wrong_usage()
    {
        var run = await Run.Words("compare", "recipe.jsonc", "--seeds", "0,many");

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.StartsWith("'many' is not a whole number.", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Prefers the teacher's reason, wherever it stands.</summary>
    private sealed class CountingJudge : IChatClient
    {
        public int Asked { get; private set; }

        /// <summary>Requests that fail at first.</summary>
        public int Fails { get; init; }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            if (++Asked <= Fails)
            {
                throw new StepDistillException("The server is not there.");
            }

            var text = string.Join('\n', messages.Select(message => message.Text));
            var verdict = text.IndexOf("It dives.", StringComparison.Ordinal) < text.IndexOf("it is auk", StringComparison.Ordinal) ? "A" : "B";
            return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, $"Verdict: {verdict}")));
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
