using System.Globalization;

namespace StepDistill.Cli.Rendering;

/// <summary>Shows progress as plain lines: the first report, then one every few seconds, and the last.</summary>
internal sealed class ProgressLines(string title, Action<string> write, TimeProvider clock) : IProgress<Progress>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly long _start = clock.GetTimestamp();
    private long _last;
    private long _first;
    private bool _begun;
    private bool _ended;

    /// <inheritdoc/>
    public void Report(Progress value)
    {
        lock (_gate)
        {
            var isEnd = value.Total > 0 && value.Done >= value.Total;
            if (_ended || (_begun && !isEnd && clock.GetElapsedTime(_last) < Pause))
            {
                return;
            }

            _first = _begun ? _first : value.Done;
            (_begun, _ended, _last) = (true, isEnd, clock.GetTimestamp());
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
        var done = value.Done - _first;
        if (done <= 0 || value.Total <= value.Done)
        {
            return "";
        }

        var left = clock.GetElapsedTime(_start) * ((double)(value.Total - value.Done) / done);
        return $", {Duration.Show(left)} left";
    }
}
