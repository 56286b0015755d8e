using StepDistill.Cli.Rendering;
using StepDistill.Hub;

namespace StepDistill.Cli.Stages;

/// <summary>Pushes and pulls students, with the hub that the environment names.</summary>
internal static class HubStage
{
    /// <summary>Publishes a student.</summary>
    public static async Task<HubPushed> PushAsync(
        string folder, HubName name, HubPushSettings settings, IProgress<Progress> progress, CancellationToken cancellation)
    {
        using var hub = new HubClient(HubSettings.FromEnvironment());
        return await hub.PushAsync(folder, name, settings, Shown(progress), cancellation);
    }

    /// <summary>Brings a student into a folder.</summary>
    public static async Task<HubPulled> PullAsync(HubName name, string folder, IProgress<Progress> progress, CancellationToken cancellation)
    {
        using var hub = new HubClient(HubSettings.FromEnvironment());
        return await hub.PullAsync(name, folder, Shown(progress), cancellation);
    }

    /// <summary>Shows bytes on their way as steps of some work.</summary>
    public static IProgress<HubProgress> Shown(IProgress<Progress> progress) =>
        new Relay<HubProgress>(part => progress.Report(new(part.Done, part.Total ?? 0, part.Waiting ?? $"bytes of {part.File}")));
}
