using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StepDistill.Inference;
using StepDistill.Serving.Batching;
using StepDistill.Serving.Hosting;
using StepDistill.Serving.Metrics;

namespace StepDistill.Serving;

/// <summary>A student with its queues: what all endpoints ask. Started and stopped with the application that hosts it.</summary>
/// <remarks>Labels and reasons have a queue each: reasons take many times as long, and labels do not wait behind them.</remarks>
public sealed partial class StudentService : IHostedService, IAsyncDisposable
{
    private readonly Func<IStudentClassifier> _open;
    private readonly string? _folder;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly BatchQueue _labels;
    private readonly BatchQueue _reasons;
    private readonly SemaphoreSlim _reloading = new(1);
    private ManifestWatch? _watch;
    private int _streams;
    private volatile bool _stopping;

    /// <summary>Creates the service; nothing is opened before it is started.</summary>
    /// <param name="settings">How to serve.</param>
    /// <param name="open">Opens the student, at the start and for each change.</param>
    /// <param name="folder">The student's folder, whose manifest is watched; null where there is none to watch.</param>
    /// <param name="log">For starts, changes and faults; never for what is asked or answered.</param>
    /// <param name="clock">The time; null for the system's.</param>
    /// <exception cref="StepDistillException">The settings cannot be used.</exception>
    public StudentService(
        ServeSettings settings, Func<IStudentClassifier> open, string? folder, ILogger<StudentService> log, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        (Settings, _open, _folder, _log, _clock) = (settings.Validate(), open, folder, log, clock ?? TimeProvider.System);
        Host = new StudentHost(student => WarmUp.Run(student, settings.MaxBatch));
        var limits = new BatchLimits
        {
            MaxRows = settings.MaxBatch,
            MaxTokens = settings.MaxBatchTokens,
            MaxWait = settings.MaxWait,
            LatencyLimit = settings.LatencyLimit,
            Capacity = settings.MaxQueue,
            Deadline = settings.Deadline,
            Workers = settings.Workers,
        };
        _labels = new BatchQueue(limits, (student, rows, stop) => student.Classify(rows, false, stop), new(Meters.Meter, "labels"), _clock);
        _reasons = new BatchQueue(
            limits with { MaxRows = settings.MaxReasonBatch, LatencyLimit = settings.ReasonLatencyLimit, Workers = 1 },
            (student, rows, stop) => student.Classify(rows, true, stop),
            new(Meters.Meter, "reasons"),
            _clock);
        Meters.Watch(() => Host.Description);
        Metrics = new PrometheusText(Meters.Meter);
        Host.Changed += _ => _labels.ForgetRate();
        Host.Changed += _ => _reasons.ForgetRate();
    }

    /// <summary>How it serves.</summary>
    public ServeSettings Settings { get; }

    /// <summary>The student that answers now, and its changes.</summary>
    public StudentHost Host { get; }

    /// <summary>Whether questions are answered: the student is warm, and nobody has said stop.</summary>
    public bool IsReady => Host.Description is not null && !_stopping && IsHealthy;

    /// <summary>Whether nothing is broken that only a new start mends.</summary>
    public bool IsHealthy => !_labels.IsBroken && !_reasons.IsBroken;

    /// <summary>Its counters.</summary>
    internal ServingMeters Meters { get; } = new();

    /// <summary>The same as text.</summary>
    internal PrometheusText Metrics { get; }

    /// <summary>The time.</summary>
    internal TimeProvider Clock => _clock;

    /// <summary>Asks the student that a lease holds; the lease must be kept until the task ends.</summary>
    internal Task<IReadOnlyList<StudentAnswer>> AskAsync(
        StudentLease lease, IReadOnlyList<StudentQuestion> questions, bool withReasons, TimeSpan? patience, CancellationToken cancellation) =>
        (withReasons ? _reasons : _labels).AskAsync(lease.Student, questions, patience, cancellation);

    /// <summary>Takes hold of the student.</summary>
    /// <exception cref="RefusedException">There is none yet.</exception>
    internal StudentLease Rent() =>
        Host.Rent() ?? throw new RefusedException(Refusal.NotReady, TimeSpan.FromSeconds(1));

    /// <summary>Takes one of the places for streams of reasons.</summary>
    /// <exception cref="RefusedException">All are taken.</exception>
    internal void BeginStream()
    {
        if (Interlocked.Increment(ref _streams) > Settings.MaxStreams)
        {
            EndStream();
            throw new RefusedException(Refusal.Full, TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Gives the place back.</summary>
    internal void EndStream() => Interlocked.Decrement(ref _streams);

    /// <summary>Opens the student again, as when its folder holds a new one, and changes to it if it is another.</summary>
    /// <returns>Whether another student answers now.</returns>
    /// <exception cref="StepDistillException">It cannot be opened or cannot answer; the one before goes on.</exception>
    public async Task<bool> ReloadAsync(CancellationToken cancellation = default)
    {
        await _reloading.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var next = await Task.Run(_open, CancellationToken.None).ConfigureAwait(false);
            if (IsSame(next.Description, Host.Description))
            {
                next.Dispose();
                return false;
            }

            await Host.ChangeAsync(next, CancellationToken.None).ConfigureAwait(false);
            Meters.Changed(well: true);
            LogChanged(next.Description.Name, next.Description.Version);
            return true;
        }
        catch
        {
            Meters.Changed(well: false);
            throw;
        }
        finally
        {
            _reloading.Release();
        }
    }

    /// <summary>Ends when the first student is warm, or fails as opening it did; null before <see cref="StartAsync"/>.</summary>
    public Task? FirstStudent { get; private set; }

    /// <summary>Begins to open the student, and to watch its folder. The application starts meanwhile, and says that it is not ready.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_folder is not null && Settings.WatchEvery > TimeSpan.Zero)
        {
            var manifest = Path.Combine(_folder, StepDistill.Students.StudentFolder.ManifestName);
            _watch = new ManifestWatch(manifest, Settings.WatchEvery, () => _ = ReloadQuietlyAsync(), _clock);
        }

        FirstStudent = ReloadAsync(CancellationToken.None);
        FirstStudent.ContinueWith(
            failed => LogNotOpened(failed.Exception!.InnerException!.Message),
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return Task.CompletedTask;
    }

    /// <summary>Accepts nothing more, and finishes what was accepted, within <see cref="ServeSettings.DrainLimit"/>.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        BeginStop();
        _watch?.Dispose();
        await Task.WhenAll(_labels.StopAsync(Settings.DrainLimit), _reasons.StopAsync(Settings.DrainLimit)).ConfigureAwait(false);
    }

    /// <summary>Says not ready from now on; what still arrives is answered, until <see cref="StopAsync"/>.</summary>
    internal void BeginStop() => _stopping = true;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        BeginStop();
        _watch?.Dispose();
        await _labels.DisposeAsync().ConfigureAwait(false);
        await _reasons.DisposeAsync().ConfigureAwait(false);
        await Host.DisposeAsync().ConfigureAwait(false);
        Metrics.Dispose();
        Meters.Dispose();
    }

    private static bool IsSame(StudentDescription next, StudentDescription? now) =>
        now is not null && (next.Name, next.Version, next.Precision) == (now.Name, now.Version, now.Precision);

    private async Task ReloadQuietlyAsync()
    {
        try
        {
            await ReloadAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogNotChanged(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The student {Name}, version {Version}, answers now.")]
    private partial void LogChanged(string name, string version);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The student cannot be opened, so nothing can be answered. {Why}")]
    private partial void LogNotOpened(string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "The folder holds a new student that cannot be opened; the one before goes on. {Why}")]
    private partial void LogNotChanged(string why);
}
