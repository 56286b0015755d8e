using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Security;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Serving;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill serve FOLDER</c>: serves a student over HTTP until it is told to stop.</summary>
internal sealed class ServeVerb : Verb
{
    private readonly Argument<string> _folder = new("folder")
    {
        Description = "A student's folder, or that of a run. A new student that is written there later is changed to.",
    };

    private readonly Option<string?> _url = new("--url")
    {
        Description = "Where to listen. Addresses that others can reach need keys (STEPDISTILL_SERVE_KEYS) or --open; https needs a certificate "
            + "(STEPDISTILL_SERVE_CERTIFICATE). Without this word: STEPDISTILL_SERVE_URL, or http://127.0.0.1:8080.",
    };

    private readonly Option<string?> _maxWait = new("--max-wait")
    {
        Description = "How long a worker waits for a fuller batch, where batches have been shared lately, such as 5ms.",
    };

    private readonly Option<int?> _maxBatch = new("--max-batch")
    {
        Description = "Questions that are computed together at most, such as 32.",
    };

    private readonly Option<string?> _latencyLimit = new("--latency-limit")
    {
        Description = "A question that would have to wait longer for its batch is refused with status 429, such as 250ms.",
    };

    private readonly Option<int?> _threads = new("--threads")
    {
        Description = "Processors that the student computes with; without this word, all of them.",
    };

    private readonly Option<bool> _open = new("--open")
    {
        Description = "Serves everyone who reaches the address, without keys.",
    };

    private readonly Option<bool> _check = new("--check")
    {
        Description = "Serves nothing, but asks the server that listens at the address whether it is ready. Exit code 1 if it is not.",
    };

    private readonly StageSet _stages;

    /// <summary>Creates the verb.</summary>
    public ServeVerb(StageSet stages)
        : base(
            "serve",
            "Serves a student over HTTP: POST /v1/predict, OpenAI's chat protocol, and a page to try it. Every setting can be given as an "
            + "environment variable too, such as STEPDISTILL_SERVE_MAX_BATCH; words on the command line come first. Ctrl-C stops it, after "
            + "the requests that it has accepted.",
            "serve runs/my-task/step-by-step-1-seed0",
            "serve runs/my-task/step-by-step-1-seed0 --url http://0.0.0.0:8080 --latency-limit 100ms")
    {
        _stages = stages;
        Arguments.Add(_folder);
        Options.Add(_url);
        Options.Add(_maxWait);
        Options.Add(_maxBatch);
        Options.Add(_latencyLimit);
        Options.Add(_threads);
        Options.Add(_open);
        Options.Add(_check);
        _maxWait.Validators.Add(MustBeTime);
        _latencyLimit.Validators.Add(MustBeTime);
        _threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 1)
            {
                result.AddError("--threads must be at least 1.");
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var settings = Settings(words);
        if (words.GetValue(_check))
        {
            return await CheckAsync(settings.Validate(), terminal, cancellation);
        }

        var folder = RunFolderWords.StudentAt(words.GetRequiredValue(_folder));
        var threads = words.GetValue(_threads);
        terminal.Note($"Opening {folder} …");
        await StudentServer.RunAsync(
            settings,
            () => _stages.OpenServed(folder, threads),
            folder,
            server => Tell(terminal, server),
            log => log.AddTerminal(terminal),
            cancellation);
        terminal.Note("Stopped; every request that was accepted has its answer.");
        return ExitCode.Success;
    }

    private ServeSettings Settings(ParseResult words)
    {
        var settings = _stages.ServeSettings();
        return settings with
        {
            Url = words.GetValue(_url) ?? settings.Url,
            MaxWait = ServeSettings.ReadTime(words.GetValue(_maxWait)) ?? settings.MaxWait,
            MaxBatch = words.GetValue(_maxBatch) ?? settings.MaxBatch,
            LatencyLimit = ServeSettings.ReadTime(words.GetValue(_latencyLimit)) ?? settings.LatencyLimit,
            Open = words.GetValue(_open) || settings.Open,
        };
    }

    /// <summary>Asks a running server, as a container's health check does that has no other program to ask with.</summary>
    private static async Task<int> CheckAsync(ServeSettings settings, Terminal terminal, CancellationToken cancellation)
    {
        var address = new UriBuilder(settings.Url.Replace("*", "localhost", StringComparison.Ordinal).Replace("+", "localhost", StringComparison.Ordinal)) { Path = "readyz" };
        address.Host = address.Host is "0.0.0.0" or "[::]" ? "localhost" : address.Host;
        using var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) };
        // A certificate does not name this machine's own address, and nobody else answers there.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, errors) => errors == SslPolicyErrors.None || address.Uri.IsLoopback;
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(8) };
        var said = "does not answer";
        try
        {
            using var response = await client.GetAsync(address.Uri, cancellation);
            said = response.IsSuccessStatusCode ? "ready" : "not ready";
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
        }

        terminal.Say($"{address.Uri}: {said}");
        terminal.Result(new JsonObject { ["address"] = address.Uri.ToString(), ["state"] = said });
        return said == "ready" ? ExitCode.Success : ExitCode.Failure;
    }

    private static void Tell(Terminal terminal, StudentServer server)
    {
        var (student, settings) = (server.Service.Host.Description!, server.Service.Settings);
        var address = server.Address.ToString().TrimEnd('/').Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal);
        var key = settings.Keys.Count > 0 ? " -H \"Authorization: Bearer $KEY\"" : "";
        terminal.Say($"{student.Name}, version {student.Version}, answers at {address}");
        terminal.Say($"Try it in a browser:  {address}/");
        terminal.Say($"Or here:              curl {address}/v1/predict{key} -H \"Content-Type: application/json\" -d '{{\"input\": \"…\"}}'");
        terminal.Say($"As OpenAI's protocol: base address {address}/v1, model {student.Name}");
        terminal.Result(new JsonObject
        {
            ["address"] = address,
            ["student"] = new JsonObject { ["name"] = student.Name, ["version"] = student.Version, ["precision"] = student.Precision },
        });
    }

    private static void MustBeTime(OptionResult result)
    {
        if (result.GetValueOrDefault<string?>() is { } text && ServeSettings.ReadTime(text) is null)
        {
            result.AddError($"{result.Option.Name} is '{text}'; it must be a time such as 5ms, 0.25s or 2m.");
        }
    }
}
