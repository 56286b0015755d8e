using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using StepDistill.Inference.Chat;
using StepDistill.Inference.Hosting;
using StepDistill.Inference.Telemetry;
using StepDistill.Inference.Typed;
using StepDistill.Tasks;

namespace StepDistill.Inference.Tests.Guide;

/// <summary>Does what docs/guide/application.md says, with the page's own code and settings, and a student without a model.</summary>
public sealed partial class ApplicationGuide : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("stepdistill-guide-");

    public ApplicationGuide()
    {
        Directory.CreateDirectory(Path.Combine(_root.FullName, "students", "tickets"));
        File.WriteAllText(Path.Combine(_root.FullName, "appsettings.json"), Assert.Single(Fences("json")));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string Page => File.ReadAllText(
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "docs", "guide", "application.md")));

    private string[] Arguments => ["--contentRoot", _root.FullName, "--hostBuilder:reloadConfigOnChange", "false", "--Logging:LogLevel:Default", "Warning"];

    public enum Desk
    {
        Billing,
        Bug,

        [JsonStringEnumMemberName("something else")]
        Other,
    }

    public sealed class Router([FromKeyedServices("tickets")] IStudentClassifier<Desk> student)
    {
        public Desk Route(string ticket) => student.Classify(ticket) is { Confidence: > 0.9 } answer ? answer.Label : Desk.Other;
    }

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Three_lines_are_a_student_in_process() => Assert.Equal("billing 0.75", InProcess());

    [Fact]
    public async Task A_host_has_a_student_and_its_health()
    {
        var builder = AsService(Arguments);
        StudentOptions? chosen = null;
        builder.Services.Configure<StudentOptions>(options => options.Open = found =>
        {
            chosen = found;
            return Tickets();
        });
        using var host = builder.Build();
        await host.StartAsync(Stop);

        Assert.Equal((Path.Combine(_root.FullName, "students/tickets"), "auto", null, 32), (chosen!.Folder, chosen.Precision, chosen.Threads, chosen.MaxBatch));
        Assert.Equal("bug", host.Services.GetRequiredService<IStudentClassifier>().Classify([new("It broke.")], cancellation: Stop)[0].Label);
        Assert.Equal(HealthStatus.Healthy, (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop)).Entries["student"].Status);
    }

    [Fact]
    public async Task A_router_asks_a_typed_student()
    {
        var builder = Host.CreateApplicationBuilder(Arguments);
        AddRouter(builder);
        StudentOptions? chosen = null;
        builder.Services.Configure<StudentOptions>("tickets", options => options.Open = found =>
        {
            chosen = found;
            return Tickets();
        });
        using var host = builder.Build();
        await host.StartAsync(Stop);

        Assert.Equal(("int8", 2), (chosen!.Precision, chosen.Threads));
        Assert.Equal(Desk.Other, host.Services.GetRequiredService<Router>().Route("It broke."));      // not sure enough
    }

    [Fact]
    public async Task A_chat_client_writes_reasons_and_label() =>
        Assert.Equal("Rain is wet.\nAnswer: billing", await ChatAsync(Tickets()));

    [Fact]
    public void The_page_names_every_instrument()
    {
        // Other tests make meters meanwhile, on other threads: theirs are an application's.
        using var listener = new MeterListener();
        var names = new ConcurrentQueue<string>();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == StudentTelemetry.Name && instrument.Meter.Scope is null)
            {
                names.Enqueue(instrument.Name);
            }
        };
        using var student = new ObservedStudent(Tickets());
        listener.Start();

        Assert.Equal(
            names.Order(),
            InstrumentRow().Matches(Page).Select(match => match.Groups[1].Value).Order());
    }

    [Fact]
    public void The_page_shows_the_code_that_runs_here()
    {
        var code = File.ReadAllText(ThisFile());
        var shown = Fences("csharp");

        Assert.Equal(5, shown.Count);
        Assert.All(shown, block => Assert.True(
            new[] { 4, 8 }.Any(width => code.Contains(Indented(block, width), StringComparison.Ordinal)), $"No test runs this:\n{block}"));
    }

#pragma warning disable xUnit1051 // The page's reader has no test to cancel.
    private static string InProcess()
    {
        using var student = OnnxStudent.Open("students/tickets");
        var answer = student.Classify([new StudentQuestion("I was charged twice.")])[0];
        var line = $"{answer.Label} {answer.Confidence:0.00}";
        return line;
    }

    private static HostApplicationBuilder AsService(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddStudent(builder.Configuration.GetSection("Student"));
        builder.Services.AddHealthChecks().AddStudentCheck();
        return builder;
    }

    private static void AddRouter(HostApplicationBuilder builder)
    {
        builder.Services.AddStudent<Desk>("tickets", builder.Configuration.GetSection("Students:Tickets"));
        builder.Services.AddSingleton<Router>();
    }

    private static async Task<string> ChatAsync(IStudentClassifier student)
    {
        using var output = new StringWriter();
        IChatClient client = student.AsIChatClient(new StudentChatOptions { Rationales = true });

        await foreach (var update in client.GetStreamingResponseAsync("I was charged twice."))
        {
            output.Write(update.Text);
        }

        return output.ToString();
    }
#pragma warning restore xUnit1051

    private static FakeStudent Tickets() => new()
    {
        Description = new("tickets", "0123456789ab", "tickets", AnswerKind.Label, ["billing", "bug", "something else"], 64, true, "float32"),
        Label = question => question.Input.Contains("charged", StringComparison.Ordinal) ? "billing" : "bug",
    };

    private static string Indented(string block, int width) =>
        string.Join('\n', block.Split('\n').Select(line => line.Length == 0 ? line : new string(' ', width) + line)) + "\n";

    private static List<string> Fences(string language) =>
        [.. Fence().Matches(Page).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value.TrimEnd('\n'))];

    [GeneratedRegex("```(\\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^\| `(stepdistill\.[\w.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();

    private static string ThisFile([CallerFilePath] string path = "") => path;

    /// <summary>Stands where the student of a folder stands: the page's code needs no model here.</summary>
    private static class OnnxStudent
    {
        public static FakeStudent Open(string folder) => folder == "students/tickets" ? Tickets() : throw new DirectoryNotFoundException(folder);
    }
}
