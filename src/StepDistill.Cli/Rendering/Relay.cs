namespace StepDistill.Cli.Rendering;

/// <summary>Hands reports on at once, on the thread that makes them (unlike <see cref="System.Progress{T}"/>, which may reorder them).</summary>
internal sealed class Relay<T>(Action<T> report) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => report(value);
}
