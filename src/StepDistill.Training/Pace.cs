using StepDistill.Batches;
using StepDistill.Runs;

namespace StepDistill.Training;

/// <summary>Measures how fast training goes, looks at the validation rows left out.</summary>
internal sealed class Pace(TimeProvider clock, double secondsBefore)
{
    private readonly long _start = clock.GetTimestamp();
    private long _last = clock.GetTimestamp();
    private int _examples;
    private int _tokens;

    /// <summary>Seconds since the training began, over all resumptions.</summary>
    public double Elapsed => secondsBefore + clock.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Counts a step's work.</summary>
    public void Add(IReadOnlyList<EncodedExample> batch)
    {
        _examples += batch.Count;
        _tokens += batch.Sum(e => Tokens(e.Label) + (e.Rationale is null ? 0 : Tokens(e.Rationale)));
    }

    /// <summary>Leaves out the time since the last step.</summary>
    public void Restart() => _last = clock.GetTimestamp();

    /// <summary>Writes the pace since the last stamp onto a step's event.</summary>
    public StepTaken Stamp(StepTaken taken)
    {
        var seconds = clock.GetElapsedTime(_last).TotalSeconds;
        var stamped = taken with
        {
            ExamplesPerSecond = Math.Round(_examples / seconds, 2),
            TokensPerSecond = Math.Round(_tokens / seconds),
        };
        (_last, _examples, _tokens) = (clock.GetTimestamp(), 0, 0);
        return stamped;
    }

    private static int Tokens(EncodedPair pair) => pair.Source.Length + pair.Target.Length;
}
