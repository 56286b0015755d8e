using StepDistill.Students;

namespace StepDistill.Hub;

/// <summary>Brings a whole student into a folder of its own, checked, all or nothing.</summary>
internal sealed class HubPull(HubConnection connection, HubTransfer transfer)
{
    private readonly HubListing listing = new(connection);

    public async Task<HubPulled> RunAsync(HubName name, string folder, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (connection.Settings.Offline)
        {
            throw new StepDistillException($"{name} cannot be pulled: HF_HUB_OFFLINE forbids a download. Unset it.");
        }

        if (File.Exists(target))
        {
            throw new StepDistillException($"{target} is a file; a student is a folder. Give another place with --to.");
        }

        var head = await listing.FindHeadAsync(name, progress, cancellation).ConfigureAwait(false)
            ?? throw new StepDistillException($"{name.Repository} has no revision '{name.Revision}' on {connection.Settings.Endpoint.Host}.");
        var commit = head.Commit ?? throw new StepDistillException($"{name} is on the hub, and empty.");
        var all = await listing.ListAsync(name, commit, progress, cancellation).ConfigureAwait(false);
        var entries = Choose(name, all);
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
        {
            return AlreadyThere(name, target, commit, all, entries);
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var place = PullFolder.Open(target);
            foreach (var entry in entries)
            {
                await BringAsync(name, commit, entry, place, progress, cancellation).ConfigureAwait(false);
            }

            // The manifest may name files of its own besides those that every student has.
            var student = Open(name, place, verify: false);
            entries = WithNamed(name, all, entries, student.Manifest);
            foreach (var entry in entries)
            {
                await BringAsync(name, commit, entry, place, progress, cancellation).ConfigureAwait(false);
            }

            place.Keep([.. entries.Select(entry => entry.Path)]);
            student = Open(name, place, verify: student.Manifest is not null);
            place.Publish();
            return Pulled(target, commit, all, entries, student.Manifest, wasThere: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StepDistillException(
                $"{name} cannot be written to {target}: {e.Message} Free some space or give another folder with --to; what is here is kept.", e);
        }
    }

    /// <summary>Brings one file, unless it is here with the right content.</summary>
    private async Task BringAsync(
        HubName name, string commit, HubEntry entry, PullFolder place, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var file = place.FileAt(entry.Path);
        if (entry.Is(file))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Delete(file);
        var part = place.Part(entry.Hash);
        await transfer.DownloadAsync(name, new HubFile(entry.Path, commit, entry.Hash, entry.Size), part, progress, cancellation).ConfigureAwait(false);
        File.Move(part, file, overwrite: true);
    }

    private static List<HubEntry> Choose(HubName name, IReadOnlyList<HubEntry> all)
    {
        var hasSafetensors = all.Any(entry => StudentFiles.IsSafetensors(entry.Path));
        List<HubEntry> chosen = [.. all.Where(entry => StudentFiles.Belongs(entry.Path) && !(hasSafetensors && StudentFiles.IsPickled(entry.Path)))];
        var fault = chosen switch
        {
            { Count: > StudentFiles.Most } => $"has {chosen.Count} files that could be a student's; a student has {StudentFiles.Most} at most. Check the name.",
            _ when !HubFiles.Required.All(file => chosen.Any(entry => entry.Path == file)) =>
                $"is on the hub, but has no {HubFiles.Required[0]}: it is not a model of transformers.",
            _ => null,
        };
        return fault is null ? chosen : throw new StepDistillException($"{name} {fault}");
    }

    /// <summary>Adds the files that the manifest names.</summary>
    private static List<HubEntry> WithNamed(HubName name, IReadOnlyList<HubEntry> all, List<HubEntry> entries, StudentManifest? manifest)
    {
        var named = (manifest?.Files.Keys ?? []).Except(entries.Select(entry => entry.Path), StringComparer.Ordinal).ToList();
        if (named.Count + entries.Count > StudentFiles.Most || named.Find(path => !HubPath.IsPlain(path)) is not null)
        {
            throw new StepDistillException(
                $"The {StudentFolder.ManifestName} of {name} names files that no student has"
                + (named.Find(path => !HubPath.IsPlain(path)) is { } odd ? $", such as '{HubListing.Shown(odd)}'" : "") + ". Do not use this model.");
        }

        return
        [
            .. entries,
            .. named.Select(path => all.FirstOrDefault(entry => entry.Path == path)
                ?? throw new StepDistillException($"{name} lacks {path}, which its {StudentFolder.ManifestName} names. Its owner must push it again.")),
        ];
    }

    private static StudentFolder Open(HubName name, PullFolder place, bool verify)
    {
        try
        {
            return StudentFolder.Open(place.Student, verify);
        }
        catch (StepDistillException e)
        {
            place.Discard();
            throw new StepDistillException(
                $"{name} arrived as the hub has it, and is no whole student: {e.Message.Replace(place.Student, name.ToString(), StringComparison.Ordinal)}"
                + " It was thrown away; its owner must push it again.", e);
        }
    }

    /// <summary>A folder that is there is left alone: either it is this student, or it is somebody's.</summary>
    private static HubPulled AlreadyThere(HubName name, string target, string commit, IReadOnlyList<HubEntry> all, List<HubEntry> entries)
    {
        var manifest = entries.TrueForAll(entry => entry.Is(Path.Combine([target, .. entry.Path.Split('/')])))
            ? StudentFolder.Open(target).Manifest
            : throw new StepDistillException($"{target} is there, and is not {name} as the hub has it. Give another folder with --to, or remove it.");
        entries = WithNamed(name, all, entries, manifest);
        StudentFolder.Open(target, verify: manifest is not null);
        return Pulled(target, commit, all, entries, manifest, wasThere: true);
    }

    private static HubPulled Pulled(
        string target, string commit, IReadOnlyList<HubEntry> all, List<HubEntry> entries, StudentManifest? manifest, bool wasThere) => new(
        target,
        commit,
        [.. entries.Select(entry => entry.Path).Order(StringComparer.Ordinal)],
        entries.Sum(entry => entry.Size),
        [.. all.Select(entry => entry.Path).Except(entries.Select(entry => entry.Path), StringComparer.Ordinal)],
        manifest is not null,
        wasThere);
}
