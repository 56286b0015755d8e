using System.Text;
using CsCheck;
using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class CascadeFileTests
{
    [Theory]
    [InlineData(CascadeGoal.Accuracy, 0.8, true)]
    [InlineData(CascadeGoal.AccuracyAmongAnswered, 0.9, true)]
    [InlineData(CascadeGoal.LargeShare, 0.5, true)]
    [InlineData(CascadeGoal.Accuracy, 0.99, false)]
    public void What_is_written_is_read(CascadeGoal goal, double value, bool met)
    {
        using var folder = new CascadeFolder();
        using var student = SureStudent.Saying();
        var rows = Population.Calibrated.Draw(800, new Random(1)).ConvertAll(row => row with { Label = "fly", Agrees = row.StudentRight == row.LargeRight });
        var file = CascadeFile.From(rows, new CascadeTarget(goal, value) { FutureRows = 500 }, student.Description);

        var path = file.Write(folder.Root);
        var read = CascadeFile.Read(folder.Root);

        Assert.Equal(folder["cascade.json"], path);
        Assert.Equal(met, read.Plan.IsMet);
        Assert.Equal(file.Plan, read.Plan);
        Assert.Equal(("v1", "float32"), (read.Student, read.Precision));
        Assert.Equal(file.Baseline.Labels, read.Baseline.Labels);
        Assert.Equal(file.Baseline.ConfidenceEdges, read.Baseline.ConfidenceEdges);
        read.Write(folder["again"]);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(folder["again/cascade.json"]));
    }

    [Fact]
    public void It_is_written_in_words()
    {
        using var folder = new CascadeFolder();
        SureStudent.Cascade(0.7).Write(folder.Root);

        var text = File.ReadAllText(folder["cascade.json"]);

        Assert.Contains("\"goal\": \"Accuracy\"", text, StringComparison.Ordinal);
        Assert.Contains("\"threshold\": 0.7", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no cascade's file")]
    [InlineData("null", "it holds nothing")]
    [InlineData("[]", "no cascade's file")]
    [InlineData("{}", "no cascade's file")]
    [InlineData("\"version\": 1=\"version\": 7", "its version is 7; this program reads 1")]
    [InlineData("\"version\": 1=\"version\": 1, \"extra\": 2", "extra")]
    [InlineData("\"threshold\": 0.7=\"threshold\": 1.5", "not from 0 to 1")]
    [InlineData("\"threshold\": 0.7=\"threshold\": -0.1", "not from 0 to 1")]
    [InlineData("\"threshold\": 0.7=\"threshold\": \"high\"", "no cascade's file")]
    [InlineData("\"goal\": \"Accuracy\"=\"goal\": \"Fame\"", "no cascade's file")]
    [InlineData("\"goal\": \"Accuracy\"=\"goal\": 12", "does not say what is promised")]
    [InlineData("\"value\": 0.5=\"value\": 5", "must be above 0 and below 1")]
    [InlineData("\"labels\": {}=\"labels\": null", "no cascade's file")]
    [InlineData("\"labels\": {}=\"labels\": {\"fly\": 3}", "more labels than rows")]
    [InlineData("\"confidence_edges\": []=\"confidence_edges\": [0.5]", "as many counts as edges")]
    [InlineData("\"cut_rows\": 0=\"cut_rows\": 1", "larger than the whole")]
    public void Another_content_is_refused_in_words(string change, string why)
    {
        using var folder = new CascadeFolder();
        SureStudent.Cascade(0.7).Write(folder.Root);
        var text = File.ReadAllText(folder["cascade.json"]);
        var parts = change.Split('=');
        var changed = parts.Length == 2 ? text.Replace(parts[0], parts[1], StringComparison.Ordinal) : change;
        Assert.NotEqual(text, changed);
        folder.Write("cascade.json", changed);

        var e = Assert.Throws<StepDistillException>(() => CascadeFile.Read(folder.Root));

        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Contains(folder["cascade.json"], e.Message, StringComparison.Ordinal);
        Assert.Contains("stepdistill cascade RUN", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_file_it_says_how_to_make_one()
    {
        using var folder = new CascadeFolder();

        Assert.Contains("Make one: stepdistill cascade", Assert.Throws<StepDistillException>(() => CascadeFile.Read(folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused_and_never_crash()
    {
        using var folder = new CascadeFolder();
        CascadeFile.From(Population.Calibrated.Draw(300, new Random(1)), CascadeTarget.Accuracy(0.8)).Write(folder.Root);
        var whole = File.ReadAllBytes(folder["cascade.json"]);
        var read = 0;

        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, 3], Gen.Int[0, whole.Length - 1]).Sample((at, with, how, other) =>
        {
            var bytes = whole.ToArray();
            switch (how)
            {
                case 0:
                    bytes[at] = with;
                    break;
                case 1:
                    bytes = bytes[..at];
                    break;
                case 2:
                    bytes[at] = whole[other];
                    break;
                default:
                    bytes = [.. whole[..at], .. Encoding.UTF8.GetBytes("9e99"), .. whole[at..]];
                    break;
            }

            try
            {
                var file = CascadeFile.Parse(bytes, "cascade.json");
                // What is read can be worked with.
                var drift = new DriftSignals(file.Baseline);
                drift.Note(new StudentAnswer { Label = "fly", Confidence = 0.5 }, answered: true);
                drift.Look();
                Interlocked.Increment(ref read);
            }
            catch (StepDistillException)
            {
            }
        }, iter: 5000);

        Assert.InRange(read, 1, 4000);
    }
}
