using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using StepDistill.Files;

namespace StepDistill.Serving.Tests;

public sealed partial class StudentServerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("serving-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Answers_are_never_mixed_up_between_64_connections()
    {
        var student = FakeStudent.Slow(batch: 2);
        await using var served = await Served.StartAsync(() => student, Served.Settings with { LatencyLimit = TimeSpan.FromMinutes(1), Workers = 2 });

        await Task.WhenAll(Enumerable.Range(0, 64).Select(async client =>
        {
            for (var turn = 0; turn < 20; turn++)
            {
                var input = $"client {client}, turn {turn} {new string('x', client)}";
                var (status, body, _) = turn % 3 == 0
                    ? await served.PostAsync("/v1/predict", new JsonObject { ["inputs"] = new JsonArray(input, "another") }.ToJsonString())
                    : await served.PostAsync("/v1/predict", new JsonObject { ["input"] = input }.ToJsonString());
                Assert.Equal(200, status);
                Assert.Equal(input, (body["answer"] ?? body["answers"]![0])!["label"]!.GetValue<string>());
            }
        }));

        Assert.Contains(student.Batches, batch => batch.Count > 16);      // and they shared batches
    }

    [Fact]
    public async Task Above_capacity_answers_are_429_with_a_time_and_below_it_there_is_none()
    {
        // Eight rows take 40 ms: 200 a second.
        await using var served = await Served.StartAsync(
            () => FakeStudent.Slow(batch: 0, row: 5), Served.Settings with { MaxBatch = 8, LatencyLimit = TimeSpan.FromMilliseconds(100) });

        var below = await LoadAsync(served, connections: 8, turns: 10);
        var above = await LoadAsync(served, connections: 96, turns: 10);

        Assert.All(below, answer => Assert.Equal(200, answer.Status));
        Assert.Contains(above, answer => answer.Status == 200);
        var refused = above.Where(answer => answer.Status != 200).ToList();
        Assert.NotEmpty(refused);
        Assert.All(refused, answer => Assert.Equal(429, answer.Status));
        Assert.All(refused, answer => Assert.InRange(answer.Response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30));
        Assert.All(refused, answer => Assert.Equal(429, answer.Body["status"]!.GetValue<int>()));
        Assert.Equal(200, (await served.PostAsync("/v1/predict", """{"input": "afterwards"}""")).Status);
        Assert.Contains("stepdistill_questions_total{lane=\"labels\",outcome=\"refused_slow\"}", await served.GetAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_answers_everything_that_was_accepted()
    {
        var student = FakeStudent.Slow(batch: 150);
        var served = await Served.StartAsync(() => student, Served.Settings with { MaxBatch = 4, LatencyLimit = TimeSpan.FromMinutes(1) });
        var warm = student.Batches.Count;
        var asked = Enumerable.Range(0, 16).Select(i => served.PostAsync("/v1/predict", $$"""{"input": "{{i}}"}""")).ToArray();
        await UntilAsync(() => student.Batches.Count > warm && served.Server.Service.IsReady);
        await UntilAsync(async () => (await served.GetAsync("/metrics")).Contains("stepdistill_queued_questions{lane=\"labels\"} 1", StringComparison.Ordinal));

        await served.Server.StopAsync();

        Assert.All(await Task.WhenAll(asked), answer => Assert.Equal(200, answer.Status));
        Assert.False(served.Server.Service.IsReady);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => served.GetAsync("/healthz"));
        await served.DisposeAsync();
        Assert.True(student.IsDisposed);
    }

    [Fact]
    public async Task The_student_changes_under_load_without_one_failed_request()
    {
        var students = new List<FakeStudent>();
        FakeStudent Open()
        {
            var next = FakeStudent.Slow(batch: 2, version: $"{students.Count}");
            students.Add(next);
            return next;
        }

        await using var served = await Served.StartAsync(Open, Served.Settings with { LatencyLimit = TimeSpan.FromMinutes(1) });
        using var enough = new CancellationTokenSource();
        var load = Enumerable.Range(0, 32).Select(async client =>
        {
            var versions = new List<string>();
            while (!enough.IsCancellationRequested)
            {
                var (status, body, _) = await served.PostAsync("/v1/predict", $$"""{"inputs": ["{{client}}", "b", "c"]}""");
                Assert.Equal(200, status);
                Assert.Equal($"{client}", body["answers"]![0]!["label"]!.GetValue<string>());
                versions.Add(body["student"]!["version"]!.GetValue<string>());
            }

            return versions;
        }).ToArray();
        for (var change = 0; change < 10; change++)
        {
            await Task.Delay(50, Stop);
            Assert.True(await served.Server.Service.ReloadAsync(Stop));
        }

        var (_, last, _) = await served.PostAsync("/v1/predict", """{"input": "a"}""");
        await enough.CancelAsync();
        var seen = (await Task.WhenAll(load)).SelectMany(versions => versions).ToHashSet();

        Assert.Equal("10", last["student"]!["version"]!.GetValue<string>());
        Assert.True(seen.Count > 5, $"Only {seen.Count} of 11 students answered.");
        await UntilAsync(() => students.Take(10).All(student => student.IsDisposed));
        Assert.False(students[10].IsDisposed);
    }

    [Fact]
    public async Task A_new_manifest_changes_the_student_and_a_broken_one_does_not()
    {
        var version = 1;
        AtomicFile.WriteText(Path.Combine(_folder, "stepdistill.json"), "1");
        await using var served = await Served.StartAsync(
            () => version == 2 ? throw new StepDistillException("The folder is broken.") : new FakeStudent { Version = $"{version}" },
            Served.Settings with { WatchEvery = TimeSpan.FromMilliseconds(30) },
            _folder);

        version = 2;
        AtomicFile.WriteText(Path.Combine(_folder, "stepdistill.json"), "22");
        await UntilAsync(async () => (await served.GetAsync("/metrics")).Contains("outcome=\"refused\"", StringComparison.Ordinal));
        Assert.Contains("\"1\"", await served.GetAsync("/v1/student"), StringComparison.Ordinal);
        version = 3;
        AtomicFile.WriteText(Path.Combine(_folder, "stepdistill.json"), "333");

        await UntilAsync(async () => (await served.GetAsync("/v1/student")).Contains("\"3\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_not_ready_before_the_student_is_warm()
    {
        using var warm = new ManualResetEventSlim();
        var port = FreePort();
        var starting = StudentServer.StartAsync(
            Served.Settings with { Url = $"http://127.0.0.1:{port}" },
            () => new FakeStudent { Before = (_, _) => warm.Wait(Stop) },
            cancellation: Stop);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await UntilAsync(async () =>
        {
            try
            {
                return (await client.GetAsync("/healthz", Stop)).StatusCode == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/readyz", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/v1/student", Stop)).StatusCode);
        Assert.False(starting.IsCompleted);
        warm.Set();
        await using var server = await starting;
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Stop)).StatusCode);
    }

    [Fact]
    public async Task A_student_that_cannot_be_opened_is_no_server() =>
        Assert.Equal("There is no student.", (await Assert.ThrowsAsync<StepDistillException>(
            () => Served.StartAsync(() => throw new StepDistillException("There is no student.")))).Message);

    [Fact]
    public async Task An_address_that_is_taken_is_named()
    {
        await using var served = await Served.StartAsync();

        var fault = await Assert.ThrowsAsync<StepDistillException>(
            () => Served.StartAsync(settings: Served.Settings with { Url = served.Server.Address.ToString() }));

        Assert.StartsWith($"Nothing can listen at {served.Server.Address}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_makes_it_tls()
    {
        using var key = RSA.Create(2048);
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var (certificate, secret) = (Path.Combine(_folder, "tls.pem"), Path.Combine(_folder, "tls.key"));
        await File.WriteAllTextAsync(certificate, made.ExportCertificatePem(), Stop);
        await File.WriteAllTextAsync(secret, key.ExportEncryptedPkcs8PrivateKeyPem(
            "a password", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)), Stop);
        var settings = Served.Settings with { Url = "https://127.0.0.1:0", Certificate = certificate, CertificateKey = secret };

        await using var served = await Served.StartAsync(settings: settings with { CertificatePassword = "a password" });
        Assert.Equal("https", served.Server.Address.Scheme);
        Assert.Equal("ready", await served.GetAsync("/readyz"));

        var fault = await Assert.ThrowsAsync<StepDistillException>(() => Served.StartAsync(settings: settings with { CertificatePassword = "another" }));
        Assert.Contains("certificate_password", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_description_of_the_interface_names_every_endpoint_and_field()
    {
        await using var served = await Served.StartAsync();

        var document = JsonNode.Parse(await served.GetAsync("/openapi/v1.json"))!;

        Assert.Equal(
            ["/healthz", "/metrics", "/readyz", "/v1/admin/reload", "/v1/chat/completions", "/v1/models", "/v1/predict", "/v1/student"],
            document["paths"]!.AsObject().Select(path => path.Key).Order(StringComparer.Ordinal));
        var text = document.ToJsonString();
        Assert.All(
            ["probabilities", "familiarity", "max_input_tokens", "gives_rationales", "finish_reason", "reasoning_effort", "429"],
            name => Assert.Contains($"\"{name}\"", text, StringComparison.Ordinal));
    }

    private static async Task<(int Status, JsonNode Body, HttpResponseMessage Response)[]> LoadAsync(Served served, int connections, int turns) =>
        [.. (await Task.WhenAll(Enumerable.Range(0, connections).Select(async client =>
        {
            var answers = new List<(int, JsonNode, HttpResponseMessage)>();
            for (var turn = 0; turn < turns; turn++)
            {
                answers.Add(await served.PostAsync("/v1/predict", $$"""{"input": "question {{client}} of ordinary length"}"""));
            }

            return answers;
        }))).SelectMany(answers => answers)];

    private static Task UntilAsync(Func<bool> so) => UntilAsync(() => Task.FromResult(so()));

    private static async Task UntilAsync(Func<Task<bool>> so)
    {
        for (var i = 0; i < 500; i++)
        {
            if (await so())
            {
                return;
            }

            await Task.Delay(20, Stop);
        }

        Assert.Fail("It did not become so within 10 seconds.");
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
