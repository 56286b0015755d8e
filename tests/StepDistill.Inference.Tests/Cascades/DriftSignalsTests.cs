using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class DriftSignalsTests
{
    private static readonly string[] Labels = ["entailment", "neutral", "contradiction"];

    [Fact]
    public void An_empty_window_says_nothing()
    {
        var look = new DriftSignals(Baseline(2000)).Look();

        Assert.Equal(new DriftSnapshot { Alarms = look.Alarms }, look);
        Assert.Empty(look.Alarms);
    }

    [Fact]
    public void Without_drift_one_look_alarms_as_rarely_as_asked()
    {
        // At a rate that can be counted: four signals at 0.01 each, among 1,500 windows.
        const int Windows = 1500;
        var options = new DriftOptions { Window = 200, AuditWindow = 100, FalseAlarmRate = 0.01 };
        var alarms = new Dictionary<string, int>();
        for (var i = 0; i < Windows; i++)
        {
            var chance = new Random(i);
            var drift = new DriftSignals(Baseline(600, i + 1_000_000), options);
            Feed(drift, 200, chance);
            foreach (var alarm in drift.Look().Alarms.Select(Kind).Distinct())
            {
                alarms[alarm] = alarms.GetValueOrDefault(alarm) + 1;
            }
        }

        // Exact tests of whole numbers alarm a little more rarely than asked; 0.0077 is three standard errors.
        Assert.All(alarms, kind => Assert.True(kind.Value < 0.0177 * Windows, $"{kind.Key}: {kind.Value} of {Windows}"));
        Assert.True(alarms.Values.Sum() > 0.004 * Windows, "no test could ever alarm");
    }

    [Fact]
    public void Without_drift_ten_windows_in_a_row_seldom_alarm_at_all()
    {
        // What a user sees: the default rate, a look at every 100th of 10,000 calls, five signals.
        var alarmed = 0;
        for (var stream = 0; stream < 40; stream++)
        {
            var chance = new Random(stream);
            var drift = new DriftSignals(Baseline(5000, stream + 1_000_000));
            var any = false;
            for (var look = 0; look < 100; look++)
            {
                Feed(drift, 100, chance);
                any |= drift.Look().Alarms.Count > 0;
            }

            alarmed += any ? 1 : 0;
        }

        Assert.True(alarmed <= 3, $"{alarmed} of 40 streams alarmed");
    }

    [Theory]
    [InlineData("label", "answers 'neutral'")]
    [InlineData("confidence", "confidence is distributed otherwise")]
    [InlineData("familiarity", "unusual inputs")]
    [InlineData("cut", "inputs that were cut")]
    [InlineData("agreement", "answers with which the large model agrees")]
    public void Drift_alarms_and_says_what_it_is(string what, string expected)
    {
        var drift = new DriftSignals(Baseline(5000));
        Feed(drift, 2000, new Random(1));
        Assert.Empty(drift.Look().Alarms);

        Feed(drift, 1000, new Random(2), what);

        var look = drift.Look();
        Assert.All(look.Alarms, alarm => Assert.Contains(expected.Split('\'')[0], alarm, StringComparison.Ordinal));
        Assert.Contains(look.Alarms, alarm => alarm.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void A_look_gives_the_numbers()
    {
        var drift = new DriftSignals(new CascadeBaseline
        {
            Rows = 4,
            Labels = new Dictionary<string, int> { ["fly"] = 2, ["swim"] = 2 },
            ConfidenceEdges = [0.5, 1],
            RowsUpTo = [2, 4],
            FamiliarityRows = 4,
            ComparedRows = 2,
            AgreedRows = 2,
        });
        drift.Note(new StudentAnswer { Label = "fly", Confidence = 0.9, Familiarity = 0.01, Cut = true }, answered: true);
        drift.Note(new StudentAnswer { Label = "fly", Confidence = 0.8, Familiarity = 0.5 }, answered: false);
        drift.NoteAudit(true);

        var look = drift.Look();

        Assert.Equal((2, 0.5, 0.5, 0.5, 0.5), (look.Calls, look.AnsweredShare, look.LabelShift, look.UnusualShare, look.CutShare));
        Assert.Equal(0.5, look.ConfidenceDistance);
        Assert.Equal((1, 1), (look.Audits, look.Agreement));
        Assert.Equal(0.025, look.AgreementInterval!.Value.Low, 1e-6);
        // (5/6 − 1/2) ln((5/6)/(1/2)) + (1/6 − 1/2) ln((1/6)/(1/2)), half a row added to each count
        Assert.Equal(0.53648, look.LabelStability!.Value, 1e-4);
        Assert.Empty(look.Alarms);
    }

    [Fact]
    public void Only_the_newest_calls_count()
    {
        var drift = new DriftSignals(Baseline(1000), new DriftOptions { Window = 100, AuditWindow = 20 });
        Feed(drift, 500, new Random(1), "cut");
        Feed(drift, 100, new Random(2));

        var look = drift.Look();

        Assert.Equal((100, 20), (look.Calls, look.Audits));
        Assert.InRange(look.CutShare!.Value, 0, 0.1);
    }

    [Theory]
    [InlineData(99, 500, 0.01)]
    [InlineData(100, 19, 0.01)]
    [InlineData(100, 20, 0.5)]
    [InlineData(100, 20, 0)]
    [InlineData(100, 20, double.NaN)]
    public void Options_have_ranges(int window, int audits, double rate) => Assert.Throws<ArgumentOutOfRangeException>(() =>
        new DriftSignals(Baseline(10), new DriftOptions { Window = window, AuditWindow = audits, FalseAlarmRate = rate }));

    private static CascadeBaseline Baseline(int rows, int seed = 9)
    {
        var chance = new Random(seed);
        return CascadeBaseline.From(
            [
                .. Enumerable.Range(0, rows).Select(_ => Answer(chance, "")).Select(answer => new CascadeRow(answer.Confidence, true)
                {
                    Label = answer.Label,
                    Familiarity = answer.Familiarity,
                    Cut = answer.Cut,
                    Agrees = chance.NextDouble() < 0.9,
                }),
            ],
            new CascadeRule(0.5));
    }

    private static void Feed(DriftSignals drift, int calls, Random chance, string changed = "")
    {
        for (var i = 0; i < calls; i++)
        {
            drift.Note(Answer(chance, changed), answered: true);
            if (i % 2 == 0)
            {
                drift.NoteAudit(chance.NextDouble() < (changed == "agreement" ? 0.75 : 0.9));
            }
        }
    }

    private static StudentAnswer Answer(Random chance, string changed) => new()
    {
        Label = Labels[changed == "label" && chance.NextDouble() < 0.3 ? 1 : chance.Next(3)],
        Confidence = Math.Pow(chance.NextDouble(), changed == "confidence" ? 0.7 : 0.4),
        Familiarity = chance.NextDouble() * (changed == "familiarity" ? 0.5 : 1),
        Cut = chance.NextDouble() < (changed == "cut" ? 0.1 : 0.02),
    };

    private static string Kind(string alarm) =>
        alarm.Contains("answers '", StringComparison.Ordinal) ? "label"
        : alarm.Contains("confidence", StringComparison.Ordinal) ? "confidence"
        : alarm.Contains("unusual", StringComparison.Ordinal) ? "familiarity"
        : alarm.Contains("cut", StringComparison.Ordinal) ? "cut" : "agreement";
}
