using System.Text.Json;
using StepDistill.Files;
using StepDistill.Students;

namespace StepDistill.Inference.Cascades;

/// <summary>A cascade's settings beside its student: when the student answers, what that promises, and how calls looked then.</summary>
public sealed record CascadeFile
{
    /// <summary>What the file is called in a student's folder.</summary>
    public const string Name = StudentFolder.CascadeName;

    /// <summary>The layout of the file that this program writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>No such file has more bytes.</summary>
    private const int MostBytes = 1 << 20;

    /// <summary>The layout of the file.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The version of the student that it was made with, <see cref="StudentDescription.Version"/>; null where nobody says. Another student needs another threshold.</summary>
    public string? Student { get; init; }

    /// <summary>In which numbers that student computed, <see cref="StudentDescription.Precision"/>; null where nobody says. In others it is otherwise sure.</summary>
    public string? Precision { get; init; }

    /// <summary>The threshold and its promise.</summary>
    public required CascadePlan Plan { get; init; }

    /// <summary>What later calls are compared with.</summary>
    public required CascadeBaseline Baseline { get; init; }

    /// <summary>Chooses a threshold and remembers how calls looked.</summary>
    /// <param name="rows">Rows whose right answer is known.</param>
    /// <param name="target">What to promise.</param>
    /// <param name="student">The student that was asked.</param>
    /// <exception cref="StepDistillException">As <see cref="CascadePlan.From"/>.</exception>
    public static CascadeFile From(IReadOnlyList<CascadeRow> rows, CascadeTarget target, StudentDescription? student = null)
    {
        var plan = CascadePlan.From(rows, target);
        return new()
        {
            Student = student?.Version,
            Precision = student?.Precision,
            Plan = plan,
            Baseline = CascadeBaseline.From(rows, plan.Rule ?? new(CascadeRule.Never)),
        };
    }

    /// <summary>Writes the file into a student's folder, whole or not at all.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public string Write(string folder)
    {
        var path = Path.Combine(folder, Name);
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, CascadeJson.Default.CascadeFile));
        return path;
    }

    /// <summary>Reads the file of a student's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="StepDistillException">There is none, or it is not what this program writes.</exception>
    public static CascadeFile Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        try
        {
            return Parse(BoundedFile.ReadAllBytes(path, MostBytes, "a cascade's file"), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StepDistillException($"{path} cannot be read: {e.Message} Make one: stepdistill cascade RUN --accuracy 0.9", e);
        }
    }

    /// <summary>Reads what a file holds.</summary>
    /// <exception cref="StepDistillException">It is not what this program writes.</exception>
    internal static CascadeFile Parse(ReadOnlySpan<byte> content, string path)
    {
        CascadeFile? file;
        try
        {
            file = JsonSerializer.Deserialize(content, CascadeJson.Default.CascadeFile);
        }
        catch (JsonException e)
        {
            throw Refused(path, e.Message, e);
        }

        return file is null ? throw Refused(path, "it holds nothing") : file.Fault() is { } fault ? throw Refused(path, fault) : file;
    }

    private string? Fault()
    {
        if (Version != CurrentVersion)
        {
            return $"its version is {Version}; this program reads {CurrentVersion}";
        }

        try
        {
            Plan.Target.Check();
        }
        catch (StepDistillException e)
        {
            return e.Message;
        }

        return !Enum.IsDefined(Plan.Target.Goal) ? "it does not say what is promised"
            : Plan.Rule is { } rule && !(rule.Threshold is (>= 0 and <= 1) or CascadeRule.Never && rule.FamiliarityFloor is >= 0 and <= 1)
                ? "its threshold or familiarity floor is not from 0 to 1"
            : Plan.Rows < 1 || Plan.RowsLeftOut < 0 || !(Plan.AnsweredShare is >= 0 and <= 1) ? "its numbers of rows make no sense"
            : Baseline.Fault();
    }

    private static StepDistillException Refused(string path, string why, Exception? inner = null) => new(
        $"{path} is no cascade's file ({why.TrimEnd('.')}). Make it again: stepdistill cascade RUN --accuracy 0.9", inner);
}
