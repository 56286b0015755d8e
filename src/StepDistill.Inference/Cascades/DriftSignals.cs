using System.Globalization;

namespace StepDistill.Inference.Cascades;

/// <summary>Watches whether calls still look as they did when the cascade was set.</summary>
/// <remarks>
/// Every alarm is a test with a known rate of false ones, at one look: shares by Fisher's exact test (each label's at its part of
/// the rate), the distribution of confidence by the two-sample inequality of Dvoretzky, Kiefer and Wolfowitz (Wei and Dudley
/// 2012). Nothing alarms before the window holds <see cref="FewestCalls"/>. Holds numbers and labels, never an input. Safe for
/// use by several threads at once.
/// </remarks>
public sealed class DriftSignals
{
    /// <summary>Calls, or audits, below which nothing alarms.</summary>
    public const int FewestCalls = 20;

    private readonly CascadeBaseline _baseline;
    private readonly DriftOptions _options;
    private readonly Queue<Call> _calls = [];
    private readonly Queue<bool> _audits = [];
    private readonly Lock _looking = new();
    private DriftSnapshot? _newest;

    /// <summary>Starts with an empty window.</summary>
    /// <param name="baseline">What calls are compared with.</param>
    /// <param name="options">How far back and how easily.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public DriftSignals(CascadeBaseline baseline, DriftOptions? options = null)
    {
        (_baseline, _options) = (baseline, options ?? new());
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Window, 100, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.AuditWindow, 20, nameof(options));
        if (!(_options.FalseAlarmRate is > 0 and < 0.5))
        {
            throw new ArgumentOutOfRangeException(nameof(options), _options.FalseAlarmRate, "FalseAlarmRate must be above 0 and below 0.5.");
        }
    }

    private readonly record struct Call(string Label, double Confidence, double? Familiarity, bool Cut, bool Answered);

    /// <summary>Notes what the student said to a call, whoever answered it then.</summary>
    /// <param name="answer">What it said.</param>
    /// <param name="answered">Whether that was the answer.</param>
    public void Note(StudentAnswer answer, bool answered)
    {
        lock (_looking)
        {
            Push(_calls, new(answer.Label, answer.Confidence, answer.Familiarity, answer.Cut, answered), _options.Window);
        }
    }

    /// <summary>Notes whether the large model agreed with an answer of the student's.</summary>
    public void NoteAudit(bool agreed)
    {
        lock (_looking)
        {
            Push(_audits, agreed, _options.AuditWindow);
        }
    }

    /// <summary>Looks at the windows as they are.</summary>
    public DriftSnapshot Look()
    {
        lock (_looking)
        {
            return _newest ??= Compare([.. _calls], [.. _audits]);
        }
    }

    private void Push<T>(Queue<T> window, T one, int most)
    {
        window.Enqueue(one);
        if (window.Count > most)
        {
            window.Dequeue();
        }

        _newest = null;
    }

    private DriftSnapshot Compare(Call[] calls, bool[] audits)
    {
        var alarms = new List<string>();
        var (shift, stability) = CompareLabels(calls, alarms);
        var familiar = calls.Where(call => call.Familiarity is not null).ToArray();
        var agreed = audits.Count(one => one);
        var rate = _options.FalseAlarmRate;
        return new()
        {
            Calls = calls.Length,
            AnsweredShare = Part(calls.Count(call => call.Answered), calls.Length),
            LabelShift = shift,
            LabelStability = stability,
            ConfidenceDistance = CompareConfidence(calls, alarms),
            UnusualShare = _baseline.FamiliarityRows == 0 ? null : CompareShare(
                "unusual inputs", (familiar.Count(call => call.Familiarity < CascadeBaseline.Unusual), familiar.Length),
                (_baseline.UnusualRows, _baseline.FamiliarityRows), more: true, rate, alarms),
            CutShare = CompareShare(
                "inputs that were cut", (calls.Count(call => call.Cut), calls.Length), (_baseline.CutRows, _baseline.Rows), more: true, rate, alarms),
            Audits = audits.Length,
            Agreement = CompareShare(
                "answers with which the large model agrees", (agreed, audits.Length), (_baseline.AgreedRows, _baseline.ComparedRows), more: false, rate, alarms),
            AgreementInterval = audits.Length == 0 ? null : ExactTails.Interval(agreed, audits.Length, 0.05),
            Alarms = alarms,
        };
    }

    private (double? Shift, double? Stability) CompareLabels(Call[] calls, List<string> alarms)
    {
        var before = _baseline.Labels;
        var rows = before.Values.Sum();
        if (rows == 0 || calls.Length == 0)
        {
            return (null, null);
        }

        var now = calls.CountBy(call => call.Label).ToDictionary();
        var (shift, stability) = (0.0, 0.0);
        var labels = before.Keys.Union(now.Keys).ToList();
        foreach (var label in labels)
        {
            var (old, recent) = (before.GetValueOrDefault(label), now.GetValueOrDefault(label));
            // Half a row more each, or a label that was not there before would make the index infinite.
            var (p, q) = ((old + 0.5) / (rows + (0.5 * labels.Count)), (recent + 0.5) / (calls.Length + (0.5 * labels.Count)));
            shift += Math.Abs(((double)old / rows) - ((double)recent / calls.Length)) / 2;
            stability += (q - p) * Math.Log(q / p);
            var rate = _options.FalseAlarmRate / (2 * labels.Count);
            CompareShare($"answers '{label}'", (recent, calls.Length), (old, rows), more: true, rate, alarms);
            CompareShare($"answers '{label}'", (recent, calls.Length), (old, rows), more: false, rate, alarms);
        }

        return (shift, stability);
    }

    private double? CompareConfidence(Call[] calls, List<string> alarms)
    {
        if (_baseline.Rows == 0 || _baseline.ConfidenceEdges.Count == 0 || calls.Length == 0)
        {
            return null;
        }

        var sure = calls.Select(call => call.Confidence).Order().ToArray();
        var (distance, at) = (0.0, 0);
        foreach (var (i, edge) in _baseline.ConfidenceEdges.Index())
        {
            while (at < sure.Length && !(sure[at] > edge))
            {
                at++;
            }

            distance = Math.Max(distance, Math.Abs(((double)at / sure.Length) - ((double)_baseline.RowsUpTo[i] / _baseline.Rows)));
        }

        var limit = Math.Sqrt(Math.Log(2 / _options.FalseAlarmRate) / 2 * ((1.0 / sure.Length) + (1.0 / _baseline.Rows)));
        if (sure.Length >= FewestCalls && distance > limit)
        {
            alarms.Add(Text($"The student's confidence is distributed otherwise than before: distance {distance:F3}, by chance at most {limit:F3}."));
        }

        return distance;
    }

    private static double? CompareShare(
        string what, (int Some, int All) now, (int Some, int All) before, bool more, double rate, List<string> alarms)
    {
        if (before.All > 0 && now.All >= FewestCalls)
        {
            // Given how many there are in all, those among the newest are drawn like lots: Fisher's exact test, one-sided.
            var (some, all) = (now.Some + before.Some, now.All + before.All);
            var chance = more
                ? ExactTails.HypergeometricAtLeast(now.Some, now.All, some, all)
                : ExactTails.HypergeometricAtLeast(now.All - now.Some, now.All, all - some, all);
            if (chance <= rate)
            {
                alarms.Add(Text(
                    $"{(more ? "More" : "Fewer")} {what} than before: {(double)now.Some / now.All:P1} of {now.All:N0}, before {(double)before.Some / before.All:P1}."));
            }
        }

        return Part(now.Some, now.All);
    }

    private static double? Part(int some, int all) => all == 0 ? null : (double)some / all;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
