using System.Globalization;

namespace StepDistill.Cli.Rendering;

/// <summary>Shows progress as plain lines: the first report, then one every few seconds, and the last.</summary>
internal sealed class ProgressLines(string title, Action<string> write, TimeProvider clock) : IProgress<Progress>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private long _start = clock.GetTimestamp();
    private long _shownAt;
    private Progress? _first;
    private Progress? _shown;

    /// <inheritdoc/>
    public void Report(Progress value)
    {
        lock (_gate)
        {
            if (_first?.Total != value.Total)
            {
                (_first, _start) = (value, clock.GetTimestamp());       // something else is being counted
            }

            var isEnd = value.Total > 0 && value.Done >= value.Total;
            if (isEnd ? (_shown?.Done, _shown?.Total) == (value.Done, value.Total) : _shown is not null && clock.GetElapsedTime(_shownAt) < Pause)
            {
                return;
            }

            (_shown, _shownAt) = (value, clock.GetTimestamp());
            write(Line(value));
        }
    }

    private string Line(Progress value)
    {
        var of = value.Total > 0 ? $" of {value.Total:N0}" : "";
        var detail = value.Detail.Length > 0 ? $", {value.Detail}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{title}: {value.Done:N0}{of}{detail}{TimeLeft(value)}");
    }

    private string TimeLeft(Progress value)
    {
        // What was done before this process began says nothing about its pace.
        var done = value.Done - _first!.Done;
        if (done <= 0 || value.Total <= value.Done)
        {
            return "";
        }

        var left = clock.GetElapsedTime(_start) * ((double)(value.Total - value.Done) / done);
        return $", {Duration.Show(left)} left";
    }
}
