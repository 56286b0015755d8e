using System.Globalization;
using StepDistill.Hub;

namespace StepDistill.Cli.Verbs;

/// <summary>Understands names on a hub.</summary>
internal static class HubWords
{
    /// <summary>Reads OWNER/NAME[@REVISION].</summary>
    /// <exception cref="WrongUsageException">It has another form.</exception>
    public static HubName Name(string text) =>
        HubName.TryParse(text) is { } name && name.Repository.Contains('/', StringComparison.Ordinal)
            ? name : throw new WrongUsageException($"'{text}' is no name on a hub; it must be OWNER/NAME or OWNER/NAME@REVISION, such as my-team/parcels.");

    /// <summary>A size for people, such as <c>12.3 MB</c>.</summary>
    public static string Size(long bytes) => bytes switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.00} GB"),
    };
}
