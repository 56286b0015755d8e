using System.Text.RegularExpressions;

namespace StepDistill.Hub;

/// <summary>A student on a hub, such as <c>google/t5-v1_1-base</c>, and which of its versions.</summary>
/// <param name="Repository">Owner and name, or a name alone for the hub's oldest.</param>
/// <param name="Revision">A branch, a tag or a commit.</param>
public sealed partial record HubName(string Repository, string Revision = "main")
{
    /// <summary>Whether the revision is a commit, which never changes.</summary>
    public bool IsCommit => Commit().IsMatch(Revision);

    /// <summary>Reads a name of the form <c>OWNER/NAME</c> or <c>OWNER/NAME@REVISION</c>.</summary>
    /// <param name="text">What may be a name.</param>
    /// <returns>The name, or null where it has another form, such as that of a path.</returns>
    public static HubName? TryParse(string text)
    {
        var match = Form().Match(text);
        return match.Success && !text.Contains("..", StringComparison.Ordinal) && !text.Contains("--", StringComparison.Ordinal)
            ? new HubName(match.Groups["repository"].Value, match.Groups["revision"] is { Success: true } revision ? revision.Value : "main")
            : null;
    }

    /// <inheritdoc />
    public override string ToString() => Revision == "main" ? Repository : $"{Repository}@{Revision}";

    [GeneratedRegex(@"\A(?<repository>[A-Za-z0-9_][\w.-]{0,95}(/[A-Za-z0-9_][\w.-]{0,95})?)(@(?<revision>[A-Za-z0-9_][\w.-]{0,95}(/[A-Za-z0-9_][\w.-]{0,95}){0,3}))?\z", RegexOptions.ECMAScript)]
    private static partial Regex Form();

    [GeneratedRegex(@"\A[0-9a-f]{40}\z")]
    private static partial Regex Commit();
}
