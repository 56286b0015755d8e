namespace StepDistill.Hub;

/// <summary>Publishes a student: large files to the store first, then everything in one commit.</summary>
internal sealed class HubPush(HubConnection connection, HubName name, HubPushSettings settings)
{
    private readonly HubListing listing = new(connection);

    public async Task<HubPushed> RunAsync(string folder, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        if (name.IsCommit || !name.Repository.Contains('/', StringComparison.Ordinal))
        {
            throw new StepDistillException($"'{name}' cannot be pushed to: it must be OWNER/NAME, and a branch of it, such as main.");
        }

        var student = LocalStudent.Open(folder, cancellation);
        if (settings.DryRun)
        {
            return Pushed(student, commit: null, uploaded: 0, [], [], wasCreated: false);
        }

        if (connection.Settings.Offline)
        {
            throw new StepDistillException($"{name} cannot be pushed: HF_HUB_OFFLINE forbids it. Unset it.");
        }

        var (head, wasCreated) = await new HubRepository(connection, name).OpenAsync(settings.Private, progress, cancellation).ConfigureAwait(false);
        long uploaded = 0;
        IReadOnlyList<string> unchanged = [], removed = [];
        for (var failures = 1; ; failures++)
        {
            var there = head.Commit is null ? [] : await listing.ListAsync(name, head.Commit, progress, cancellation).ConfigureAwait(false);
            var change = HubChange.Between(student, there);
            if (failures == 1)
            {
                (unchanged, removed) = (change.Unchanged, change.Removed);
            }

            if (change.IsNothing)
            {
                return Pushed(student, head.Commit, uploaded, unchanged, removed, wasCreated);
            }

            var (commit, sent) = await BuildAsync(student, change, head, progress, cancellation).ConfigureAwait(false);
            uploaded += sent;
            var (made, outcome, wait) = await commit.SendAsync(progress, cancellation).ConfigureAwait(false);
            // From here on the change may be there. Whether it is, only the hub's own listing says.
            var now = made is null ? await listing.FindHeadAsync(name, progress, cancellation).ConfigureAwait(false) : new HubHead(made, null);
            if (now?.Commit is { } found && (outcome == HubCommitOutcome.Made || found != head.Commit))
            {
                await ThrowIfOtherwiseAsync(student, found, outcome, progress, cancellation).ConfigureAwait(false);
                return Pushed(student, found, uploaded, unchanged, removed, wasCreated);
            }

            if (failures >= HubConnection.MaxTries)
            {
                throw new StepDistillException(
                    $"{connection.Settings.Endpoint.Host} did not make the commit to {name} in {failures} tries. Nothing is visible there; what was sent is kept. Run the same command again to go on.");
            }

            await connection.WaitAsync(
                "the commit", 0, null, "the hub did not make the commit", wait ?? HubConnection.WaitAfter(failures), progress, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Sends large files and puts the commit together. Nothing is visible before it is sent.</summary>
    private async Task<(HubCommit Commit, long Sent)> BuildAsync(
        LocalStudent student, HubChange change, HubHead head, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var large = await new HubRepository(connection, name).LargeAsync(change.Changed, progress, cancellation).ConfigureAwait(false);
        var sent = await new LfsUpload(connection, name)
            .SendAsync([.. change.Changed.Where(file => large.Contains(file.Path))], progress, cancellation).ConfigureAwait(false);
        var commit = new HubCommit(connection, name, head.Commit);
        commit.Describe(settings.Message ?? $"Push {student.Name} with StepDistill");
        foreach (var file in change.Changed.Where(file => !large.Contains(file.Path)))
        {
            commit.Add(file);
        }

        foreach (var file in change.Changed.Where(file => large.Contains(file.Path)))
        {
            file.ThrowIfChanged();
            commit.AddLarge(file);
        }

        foreach (var path in change.Removed)
        {
            commit.Remove(path);
        }

        return (commit, sent);
    }

    /// <summary>Checks that the hub lists the student as it is here.</summary>
    private async Task ThrowIfOtherwiseAsync(
        LocalStudent student, string commit, HubCommitOutcome outcome, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var change = HubChange.Between(student, await listing.ListAsync(name, commit, progress, cancellation).ConfigureAwait(false));
        if (change.IsNothing)
        {
            return;
        }

        throw new StepDistillException(outcome == HubCommitOutcome.Made
            ? $"{name} was committed as {commit}, but the hub lists other contents for {string.Join(", ", [.. change.Changed.Select(file => file.Path), .. change.Removed])}. "
                + "Do not use that commit; push again, and if it stays so do not trust this hub."
            : $"{name} was changed by somebody else meanwhile: it stands at {commit}. Nothing of this push is visible. Look at it, and run the same command again to replace it.");
    }

    private HubPushed Pushed(
        LocalStudent student, string? commit, long uploaded, IReadOnlyList<string> unchanged, IReadOnlyList<string> removed, bool wasCreated) => new(
        new Uri(connection.Settings.Endpoint, name.Repository),
        commit,
        [.. student.Files.Select(file => new HubPushedFile(file.Path, file.Size, file.Sha256))],
        uploaded,
        unchanged,
        removed,
        student.LeftOut,
        wasCreated);
}
