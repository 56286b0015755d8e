using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using StepDistill.Cli.Stages;
using StepDistill.Inference;
using StepDistill.Serving;
using StepDistill.Tasks;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class ServeVerbTests
{
    private static readonly StageSet Stages = FakeStages.Create() with
    {
        OpenServed = (folder, threads) => new Shouter(threads),
        ServeSettings = () => new ServeSettings(),
    };

    [Fact]
    public async Task It_says_where_it_answers_answers_and_stops_when_it_is_told()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", "{}");
        using var stop = new CancellationTokenSource();
        var (address, answer) = ("", "");
        Run? ready = null;
        var output = new LineWriter(line =>
        {
            if (line.StartsWith("Try it in a browser:", StringComparison.Ordinal))
            {
                address = line["Try it in a browser:".Length..].Trim();
                _ = Task.Run(async () =>
                {
                    using var client = new HttpClient();
                    using var body = new StringContent("""{"input": "crow"}""", Encoding.UTF8, "application/json");
                    ready = await Run.Words(Stages, CancellationToken.None, "serve", "no-folder", "--check", "--url", address);
                    answer = await (await client.PostAsync(new Uri(new Uri(address), "v1/predict"), body)).Content.ReadAsStringAsync();
                    await stop.CancelAsync();
                });
            }
        });
        using var error = new StringWriter { NewLine = "\n" };

        var code = await CommandLine.RunAsync(
            ["serve", folder.Root, "--url", "http://127.0.0.1:0", "--threads", "3", "--max-wait", "1ms"], Stages, output, error, stop.Token)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Success, code);
        Assert.Equal("CROW 3", JsonNode.Parse(answer)!["answer"]!["label"]!.GetValue<string>());
        Assert.Equal((ExitCode.Success, $"{address}readyz: ready\n"), (ready!.Code, ready.Output));
        Assert.Contains($"curl {address}v1/predict", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("shouter, version 000000000001, answers at", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("Stopped; every request that was accepted has its answer.", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExitCode.Failure, "STEPDISTILL_SERVE_KEYS", "--url", "http://0.0.0.0:0")]
    [InlineData(ExitCode.Failure, "certificate", "--url", "https://127.0.0.1:0")]
    [InlineData(ExitCode.Failure, "max_batch is 0", "--max-batch", "0")]
    [InlineData(ExitCode.WrongUsage, "such as 5ms", "--max-wait", "5")]
    [InlineData(ExitCode.WrongUsage, "--threads must be at least 1", "--threads", "0")]
    public async Task What_cannot_be_served_so_is_said(int code, string said, params string[] words)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", "{}");

        var run = await Run.Words(Stages, TestContext.Current.CancellationToken, ["serve", folder.Root, .. words]);

        Assert.Equal(code, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_not_ready()
    {
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();

        var run = await Run.Words(Stages, TestContext.Current.CancellationToken, "serve", "no-folder", "--check", "--url", $"http://127.0.0.1:{port}");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("does not answer", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", "{}");
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        var run = await Run.Words(
            Stages, TestContext.Current.CancellationToken, "serve", folder.Root, "--url", $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("Nothing can listen at http://127.0.0.1:", run.Error, StringComparison.Ordinal);
    }

    private sealed class LineWriter(Action<string> line) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            line(value ?? "");
        }
    }

    private sealed class Shouter(int? threads) : IStudentClassifier
    {
        public StudentDescription Description => new("shouter", "000000000001", "words", AnswerKind.Text, [], 64, false, "float32");

        public IReadOnlyList<StudentAnswer> Classify(
            IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default) =>
            [.. questions.Select(question => new StudentAnswer { Label = $"{question.Input.ToUpperInvariant()} {threads}", Confidence = 1 })];

        public IAsyncEnumerable<string> ExplainAsync(StudentQuestion question, CancellationToken cancellation = default) => throw new NotSupportedException();

        public int CountTokens(string input) => input.Length;

        public void Dispose()
        {
        }
    }
}
