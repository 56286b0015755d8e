using System.Collections.Concurrent;
using StepDistill.Hub;

namespace StepDistill.Tests.Hub;

/// <summary>Keeps what was reported.</summary>
internal sealed class Waits : IProgress<HubProgress>
{
    public ConcurrentQueue<HubProgress> Reports { get; } = [];

    public void Report(HubProgress value) => Reports.Enqueue(value);
}
