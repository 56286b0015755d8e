using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StepDistill.Inference;
using StepDistill.Serving.Http;

namespace StepDistill.Serving;

/// <summary>A server of its own for one student.</summary>
public sealed class StudentServer : IAsyncDisposable
{
    private const int RefusedBytes = 16 << 20;

    private readonly WebApplication _app;

    private StudentServer(WebApplication app) => _app = app;

    /// <summary>Where it listens, with the port that it has got.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>The student and its queues.</summary>
    public StudentService Service => _app.Services.GetRequiredService<StudentService>();

    /// <summary>Listens, opens the student and warms it up. Until then, <c>/readyz</c> answers 503.</summary>
    /// <param name="settings">How to serve.</param>
    /// <param name="open">Opens the student, now and for each change.</param>
    /// <param name="folder">The student's folder, whose manifest is watched; null where there is none to watch.</param>
    /// <param name="log">Adds providers for the log; null for none.</param>
    /// <param name="clock">The time; null for the system's.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="StepDistillException">The settings cannot be used, the address is taken, or the student cannot be opened.</exception>
    public static async Task<StudentServer> StartAsync(
        ServeSettings settings, Func<IStudentClassifier> open, string? folder = null, Action<ILoggingBuilder>? log = null,
        TimeProvider? clock = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var server = new StudentServer(Build(settings.Validate(), open, folder, log, clock ?? TimeProvider.System));
        try
        {
            await server._app.StartAsync(cancellation).ConfigureAwait(false);
            await server.Service.FirstStudent!.WaitAsync(cancellation).ConfigureAwait(false);
            return server;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw new StepDistillException($"Nothing can listen at {settings.Url}: {e.Message.TrimEnd('.')}. Choose another address or port.", e);
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Serves until it is told to stop, and then finishes what was accepted.</summary>
    /// <param name="settings">How to serve.</param>
    /// <param name="open">Opens the student.</param>
    /// <param name="folder">The student's folder, or null.</param>
    /// <param name="started">Called once, when questions are answered.</param>
    /// <param name="log">Adds providers for the log; null for none.</param>
    /// <param name="cancellation">Tells it to stop.</param>
    /// <exception cref="StepDistillException">It cannot start.</exception>
    public static async Task RunAsync(
        ServeSettings settings, Func<IStudentClassifier> open, string? folder, Action<StudentServer> started, Action<ILoggingBuilder>? log = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(started);
        await using var server = await StartAsync(settings, open, folder, log, clock: null, cancellation).ConfigureAwait(false);
        started(server);
        var lifetime = server._app.Services.GetRequiredService<IHostApplicationLifetime>();
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var asked = cancellation.Register(() => stopping.TrySetResult());
        using var ending = lifetime.ApplicationStopping.Register(() => stopping.TrySetResult());
        await stopping.Task.ConfigureAwait(false);
        await server.StopAsync().ConfigureAwait(false);
    }

    /// <summary>Accepts no new connection, finishes what was accepted within <see cref="ServeSettings.DrainLimit"/>, and ends.</summary>
    public Task StopAsync() => _app.StopAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _app.DisposeAsync().ConfigureAwait(false);

    private static WebApplication Build(
        ServeSettings settings, Func<IStudentClassifier> open, string? folder, Action<ILoggingBuilder>? log, TimeProvider clock)
    {
        // An empty builder reads no configuration of its own: what is served where is said in the settings alone.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "StepDistill.Serving" });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
        {
            (document.Info.Title, document.Info.Description) = ("StepDistill", "A small student model, served.");
            return Task.CompletedTask;
        }));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.DrainLimit);
        builder.Services.AddStudent(settings, open, folder);
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("StepDistill", LogLevel.Information);
        log?.Invoke(builder.Logging);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, settings));
        var app = builder.Build();
        var gate = app.Services.GetRequiredService<Gate>();
        app.Use(gate.AroundAsync);
        app.UseRouting();
        app.MapStudent();
        app.MapOpenApi("/openapi/v1.json");
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, ServeSettings settings)
    {
        kestrel.AddServerHeader = false;
        // More than is ever read: Kestrel reads the rest of a body that was refused, so that its client sees the 413 and no broken connection.
        kestrel.Limits.MaxRequestBodySize = settings.MaxBodyBytes + RefusedBytes;
        kestrel.Limits.MaxConcurrentConnections = settings.MaxConnections;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        var address = settings.Address;
        void Secure(ListenOptions listen)
        {
            if (address.Scheme == "https")
            {
                var certificate = ReadCertificate(settings);
                listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate });
            }
        }

        if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase) && address.Port != 0)
        {
            kestrel.ListenLocalhost(address.Port, Secure);
        }
        else if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            kestrel.Listen(IPAddress.Loopback, 0, Secure);
        }
        else if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
        {
            kestrel.Listen(ip, address.Port, Secure);
        }
        else
        {
            kestrel.ListenAnyIP(address.Port, Secure);
        }
    }

    private static X509Certificate2 ReadCertificate(ServeSettings settings)
    {
        try
        {
            return (settings.CertificateKey, settings.CertificatePassword) switch
            {
                (null, _) => X509CertificateLoader.LoadPkcs12FromFile(settings.Certificate!, settings.CertificatePassword),
                (_, null) => X509Certificate2.CreateFromPemFile(settings.Certificate!, settings.CertificateKey),
                _ => X509Certificate2.CreateFromEncryptedPemFile(settings.Certificate!, settings.CertificatePassword, settings.CertificateKey),
            };
        }
        catch (CryptographicException e)
        {
            throw new StepDistillException(
                $"The certificate {settings.Certificate} cannot be used: {e.Message} Give PEM files as certificate and certificate_key, or one "
                + "PKCS#12 file; and certificate_password where the key is encrypted.", e);
        }
    }
}
