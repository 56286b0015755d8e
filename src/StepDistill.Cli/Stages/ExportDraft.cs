using StepDistill.Students;

namespace StepDistill.Cli.Stages;

/// <summary>Files of an export that is not proved yet. Those of an earlier one are set aside, and come back unless this one is kept.</summary>
internal sealed class ExportDraft : IDisposable
{
    private readonly string _graphs;
    private readonly string _aside;
    private bool _kept;

    /// <summary>Sets aside what is there.</summary>
    /// <param name="folder">The student's folder.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public ExportDraft(string folder)
    {
        _graphs = Path.Combine(folder, StudentGraphs.Folder);
        _aside = folder.TrimEnd(Path.DirectorySeparatorChar) + ".graphs-before";    // beside the folder: nothing of it belongs to the student
        if (Directory.Exists(_aside))
        {
            // An export was killed: before its files were sealed, or after it and before the old ones went.
            if (IsWhole(folder))
            {
                Directory.Delete(_aside, recursive: true);
            }
            else
            {
                Dispose();
            }
        }

        if (Directory.Exists(_graphs))
        {
            Directory.Move(_graphs, _aside);
        }
    }

    /// <summary>Lets the earlier files go: the new ones are proved and sealed.</summary>
    public void Keep()
    {
        _kept = true;
        if (Directory.Exists(_aside))
        {
            Directory.Delete(_aside, recursive: true);
        }
    }

    /// <summary>Takes away what is not kept, and brings the earlier files back.</summary>
    public void Dispose()
    {
        if (_kept)
        {
            return;
        }

        if (Directory.Exists(_graphs))
        {
            Directory.Delete(_graphs, recursive: true);
        }

        if (Directory.Exists(_aside))
        {
            Directory.Move(_aside, _graphs);
        }
    }

    private static bool IsWhole(string folder)
    {
        try
        {
            StudentFolder.Open(folder, verify: true);
            return true;
        }
        catch (StepDistillException)
        {
            return false;
        }
    }
}
