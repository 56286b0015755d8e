using StepDistill.Students.Weights;

namespace StepDistill.Hub;

/// <summary>Brings students from a hub, into the cache that Hugging Face's own tools use or into a folder, and publishes them there.</summary>
/// <remarks>
/// Into the cache come only files that a student needs: configuration, tokenizer, and weights as safetensors or else as
/// <c>pytorch_model.bin</c>. Every file is checked against the hash and size that the hub states, a download that broke off
/// goes on where it stopped, also in a later run, and what another tool has downloaded is not downloaded again.
/// Safe for use by several threads and processes at once.
/// </remarks>
public sealed class HubClient : IDisposable
{
    private readonly HubSettings settings;
    private readonly HubConnection connection;
    private readonly HubTransfer transfer;

    /// <summary>Prepares a client. Nothing is sent yet.</summary>
    /// <param name="settings">How the hub is reached.</param>
    /// <param name="time">The clock to wait by; null is the system's.</param>
    public HubClient(HubSettings settings, TimeProvider? time = null)
    {
        this.settings = settings;
        connection = new HubConnection(settings, time ?? TimeProvider.System);
        transfer = new HubTransfer(connection);
    }

    /// <summary>Finds a student on disk or on the hub.</summary>
    /// <param name="from">A folder, or a hub's name such as <c>google/t5-v1_1-base</c> or <c>OWNER/NAME@REVISION</c>.</param>
    /// <param name="progress">Told how far a download is.</param>
    /// <param name="cancellation">Stops; what is downloaded stays, for the next time.</param>
    /// <returns>The folder, to be opened by <see cref="Students.StudentFolder.Open"/>.</returns>
    /// <exception cref="StepDistillException">There is no such folder or name, or it cannot be downloaded: the message says what to do.</exception>
    public async Task<string> LocateAsync(
        string from, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (Directory.Exists(from))
        {
            return from;
        }

        return HubName.TryParse(from) is { } name
            ? await FetchAsync(name, progress, cancellation).ConfigureAwait(false)
            : throw new StepDistillException(
                $"There is no folder {from}, and it is no name on a hub, such as google/t5-v1_1-base. Check student.from.");
    }

    /// <summary>Brings a student into the cache, or finds it there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="progress">Told how far a download is.</param>
    /// <param name="cancellation">Stops; what is downloaded stays, for the next time.</param>
    /// <returns>The folder of its files. Without a connection, the one that is in the cache for the same name.</returns>
    /// <exception cref="StepDistillException">It is not there or cannot be downloaded: the message says what to do.</exception>
    public async Task<string> FetchAsync(
        HubName name, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        var cache = new HubCache(settings.CacheFolder, name);
        var cached = cache.FindSnapshot();
        if (cached is not null && (settings.Offline || name.IsCommit))
        {
            return cached;
        }

        if (settings.Offline)
        {
            throw new StepDistillException(
                $"{name} is not in the cache {settings.CacheFolder}, and HF_HUB_OFFLINE forbids a download."
                + " Unset it, or give student.from a folder.");
        }

        try
        {
            return await DownloadAsync(name, cache, cached is null ? HubConnection.MaxTries : 1, progress, cancellation).ConfigureAwait(false);
        }
        catch (HubUnreachableException) when (cached is not null)
        {
            return cached;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StepDistillException(
                $"{name} cannot be written to the cache {settings.CacheFolder}: {e.Message} Free some space or set HF_HOME to"
                + " another place; what is downloaded is kept.", e);
        }
    }

    /// <summary>Brings a whole student, with graphs, card and manifest, into a folder of its own.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folder">Where it shall be. It appears whole or not at all; what is on its way lies beside it, in <c>FOLDER.incomplete</c>.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops; what is downloaded stays, for the next time.</param>
    /// <exception cref="StepDistillException">It is not there, not a student, or differs from its hashes: the message says what to do.</exception>
    public Task<HubPulled> PullAsync(
        HubName name, string folder, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default) =>
        new HubPull(connection, transfer).RunAsync(name, folder, progress, cancellation);

    /// <summary>Publishes a student: its repository is made where it is missing, and all of its files appear in one commit.</summary>
    /// <remarks>Pushed again after it was cut, it goes on: what the hub's store has is not sent a second time.</remarks>
    /// <param name="folder">The student's folder, with its <c>stepdistill.json</c>; every file is compared with it first.</param>
    /// <param name="name">Where to: owner and name, and a branch.</param>
    /// <param name="settings">How; null for the defaults.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops; what was sent stays, for the next time.</param>
    /// <exception cref="StepDistillException">The folder is no whole student, or the hub refuses: the message says what to do.</exception>
    public Task<HubPushed> PushAsync(
        string folder, HubName name, HubPushSettings? settings = null, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default) =>
        new HubPush(connection, name, settings ?? new()).RunAsync(folder, progress, cancellation);

    /// <inheritdoc />
    public void Dispose() => connection.Dispose();

    private async Task<string> DownloadAsync(
        HubName name, HubCache cache, int tries, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        string? commit = null;

        async Task<bool> Take(string file)
        {
            // After the first file every other is asked for at the same commit, so that they belong together.
            var remote = await transfer.FindAsync(name, commit ?? name.Revision, file, tries, progress, cancellation).ConfigureAwait(false);
            if (remote is null)
            {
                return false;
            }

            commit ??= remote.Commit;
            tries = HubConnection.MaxTries;
            await transfer.DownloadAsync(name, remote, cache, progress, cancellation).ConfigureAwait(false);
            cache.Link(commit, file, remote.Etag);
            return true;
        }

        foreach (var file in HubFiles.Required)
        {
            if (!await Take(file).ConfigureAwait(false))
            {
                throw new StepDistillException($"{name} is on the hub, but has no {file}: it is not a model of transformers.");
            }
        }

        foreach (var file in HubFiles.Optional)
        {
            await Take(file).ConfigureAwait(false);
        }

        string? weights = null;
        foreach (var file in HubFiles.Weights)
        {
            if (await Take(file).ConfigureAwait(false))
            {
                weights = file;
                break;
            }
        }

        var snapshot = cache.Snapshot(commit!);
        foreach (var part in PartsOf(name, snapshot, weights))
        {
            if (!await Take(part).ConfigureAwait(false))
            {
                throw new StepDistillException($"{name} lacks {part}, which its {weights} names.");
            }
        }

        cache.WriteReference(commit!);
        return snapshot;
    }

    private static IEnumerable<string> PartsOf(HubName name, string snapshot, string? weights) => weights switch
    {
        null => throw new StepDistillException(
            $"{name} has no weights that can be read here: none of {string.Join(", ", HubFiles.Weights)}."),
        _ when HubFiles.IsIndex(weights) => WeightIndex.Read(Path.Combine(snapshot, weights)).Values
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(part => HubFiles.IsPlain(part) ? part : throw new StepDistillException(
                $"The {weights} of {name} names the file '{part}', which is no plain name. Do not use this model.")),
        _ => [],
    };
}
