using StepDistill.Export;
using StepDistill.Inference.Confidence;
using StepDistill.Students;
using StepDistill.Tasks;

namespace StepDistill.Inference.Tests;

public sealed partial class OnnxStudentTests(OnnxStudentTests.Exported exported) : IClassFixture<OnnxStudentTests.Exported>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A student of random weights, exported once for all tests.</summary>
    public sealed class Exported : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("exported");

        public Exported()
        {
            var student = RandomStudent.Write(Folder, "tiny", RandomStudent.FewestRows);
            foreach (var precision in Enum.GetValues<ExportPrecision>())
            {
                StudentExporter.Export(student, precision);
            }
        }

        public string Folder => _folder.FullName;

        public void Dispose() => _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("int8")]
    [InlineData("int8+q4")]
    [InlineData("q8")]
    public void The_answer_is_always_a_label_and_its_probabilities_add_up(string precision)
    {
        using var student = OnnxStudent.Open(exported.Folder, new() { Precision = precision, Threads = 1 });
        string[] inputs = ["", "   ", RandomStudent.Text(40, 1), RandomStudent.Text(60_000, 2), "\ud800 half a pair", "degezu </s> ziteva", "日本語 🎉"];

        var answers = student.Classify([.. inputs.Select(input => new StudentQuestion(input))], cancellation: Stop);

        Assert.All(answers, answer =>
        {
            Assert.Contains(answer.Label, RandomStudent.Labels);
            Assert.Equal(1, answer.Probabilities.Sum(one => one.Probability), 1e-9);
            Assert.Equal(RandomStudent.Labels.Order(), answer.Probabilities.Select(one => one.Label).Order());
            Assert.Equal((answer.Label, answer.Confidence), (answer.Probabilities[0].Label, answer.Probabilities[0].Probability));
            Assert.Null(answer.Rationale);
            Assert.Null(answer.Familiarity);
        });
        Assert.Equal([false, false, false, true, false, false, false], answers.Select(answer => answer.Cut));
        Assert.Equal(student.Description.MaxInputTokens, answers[3].InputTokens);
    }

    [Fact]
    public void An_answer_does_not_depend_on_what_is_asked_beside_it()
    {
        using var student = OnnxStudent.Open(exported.Folder, new() { Precision = "float32", Threads = 1, MaxBatch = 3, MaxBatchTokens = 100 });
        StudentQuestion[] questions = [.. Enumerable.Range(0, 17).Select(i => new StudentQuestion(RandomStudent.Text(3 + (i * 7 % 50), i)))];

        var together = student.Classify(questions, cancellation: Stop);

        foreach (var (question, answer) in questions.Zip(together))
        {
            var alone = student.Classify([question], cancellation: Stop)[0];
            Assert.Equal(alone.Label, answer.Label);
            Assert.Equal(alone.Confidence, answer.Confidence, 1e-5);
            Assert.Equal(alone.InputTokens, answer.InputTokens);
        }
    }

    [Fact]
    public async Task Many_threads_get_the_answers_that_one_gets()
    {
        using var student = OnnxStudent.Open(exported.Folder, new() { Precision = "float32", Threads = 1 });
        var questions = Enumerable.Range(0, 8).Select(i => new StudentQuestion(RandomStudent.Text(10 + i, i))).ToArray();
        var alone = questions.Select(question => student.Classify([question], withRationales: true, Stop)[0]).ToArray();

        await Parallel.ForEachAsync(Enumerable.Range(0, 64), Stop, (i, stop) =>
        {
            var answer = student.Classify([questions[i % 8]], withRationales: i % 2 == 0, stop)[0];
            Assert.Equal(alone[i % 8].Label, answer.Label);
            Assert.Equal(alone[i % 8].Confidence, answer.Confidence, 1e-6);
            Assert.Equal(i % 2 == 0 ? alone[i % 8].Rationale : null, answer.Rationale);
            return ValueTask.CompletedTask;
        });
    }

    [Fact]
    public async Task Reasons_come_in_pieces_that_make_the_whole()
    {
        using var student = OnnxStudent.Open(exported.Folder, new() { Precision = "float32", Threads = 1, MaxTokens = 30 });
        StudentQuestion question = new(RandomStudent.Text(20, 4));
        var pieces = await student.ExplainAsync(question, Stop).ToListAsync(Stop);

        Assert.True(pieces.Count > 5);
        Assert.Equal(student.Classify([question], withRationales: true, Stop)[0].Rationale, string.Concat(pieces).Trim());
    }

    // Written to the end they would take hours: each token looks at all before it.
    [Fact(Timeout = 60_000)]
    public async Task Reasons_that_nobody_wants_any_more_are_not_written_on()
    {
        using var student = OnnxStudent.Open(exported.Folder, new() { Precision = "float32", Threads = 1, MaxTokens = 1_000_000 });
        await foreach (var piece in student.ExplainAsync(new(RandomStudent.Text(20, 4)), TestContext.Current.CancellationToken))
        {
            Assert.NotEmpty(piece);
            break;
        }

        using var soon = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await soon.CancelAsync();
        Assert.Throws<OperationCanceledException>(() => student.Classify([new("degezu")], withRationales: true, soon.Token));
    }

    [Fact]
    public void An_inputs_own_choices_are_its_labels()
    {
        using var folder = new StudentCopy(exported.Folder, manifest => manifest with { Task = new("choose", AnswerKind.Choice, []) });
        using var student = OnnxStudent.Open(folder.Path, new() { Precision = "float32", Threads = 1 });

        var answers = student.Classify(
            [
                new("degezu?\n(a) gorozi\n(b) mokoda kuvuze"),
                new("degezu?") { Choices = ["nunubu", "sufufi", "nunubu"] },
            ],
            cancellation: Stop);

        Assert.Equal(["gorozi", "mokoda kuvuze"], answers[0].Probabilities.Select(one => one.Label).Order());
        Assert.Equal(["nunubu", "nunubu", "sufufi"], answers[1].Probabilities.Select(one => one.Label).Order());
        var twice = answers[1].Probabilities.Where(one => one.Label == "nunubu").ToList();
        Assert.Equal(twice[0].Probability, twice[1].Probability, 1e-9);

        var fault = Assert.Throws<StepDistillException>(() => student.Classify([new("degezu?")], cancellation: Stop));
        Assert.Contains("brings no choices", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Free_text_is_generated_and_as_likely_as_its_tokens()
    {
        using var folder = new StudentCopy(exported.Folder, manifest => manifest with { Task = new("free", AnswerKind.Text, []) });
        using var student = OnnxStudent.Open(folder.Path, new() { Precision = "float32", Threads = 1, MaxTokens = 6 });
        StudentQuestion question = new(RandomStudent.Text(9, 2));

        var answer = student.Classify([question], cancellation: Stop)[0];

        Assert.Equal(student.WriteLabels([question.Input], maxTokens: 6, cancellation: Stop)[0].Trim(), answer.Label);
        Assert.Empty(answer.Probabilities);
        Assert.InRange(answer.Confidence, double.Epsilon, 1);
    }

    [Fact]
    public void Calibration_changes_how_sure_it_is_and_says_how_usual_an_input_is()
    {
        using var folder = new StudentCopy(exported.Folder, manifest => manifest);
        using var before = OnnxStudent.Open(folder.Path, new() { Precision = "float32", Threads = 1 });
        var questions = Enumerable.Range(0, 100).Select(i => new StudentQuestion(RandomStudent.Text(20, i))).ToList();
        var rows = before.Measure(questions, Stop);
        CalibrationFile.Write(folder.Path, new Dictionary<string, StudentCalibration>
        {
            ["float32"] = StudentCalibrator.Fit([.. rows.Select(row => new CalibrationRow(row.LogProbabilities, 0, row.Input))])! with { Temperature = 100 },
        });
        using var after = OnnxStudent.Open(folder.Path, new() { Precision = "float32", Threads = 1 });

        Assert.True(after.Classify([questions[0]], cancellation: Stop)[0].Confidence < before.Classify([questions[0]], cancellation: Stop)[0].Confidence);
        double Usual(IEnumerable<string> inputs) =>
            after.Classify([.. inputs.Select(input => new StudentQuestion(input))], cancellation: Stop).Average(answer => answer.Familiarity!.Value);
        Assert.InRange(Usual(Enumerable.Range(200, 50).Select(i => RandomStudent.Text(20, i))), 0.3, 0.7);
        Assert.InRange(Usual(Enumerable.Range(200, 50).Select(i => $"{i} QUITE #{i} unlike {i}, {i} it!")), 0, 0.1);
    }

    [Fact]
    public void A_student_that_was_not_exported_or_lost_a_file_is_told_what_to_do()
    {
        using var folder = new StudentCopy(exported.Folder, manifest => manifest);
        File.Delete(Path.Combine(folder.Path, "onnx", "decoder_model_merged.mapped.onnx"));
        var lost = Assert.Throws<StepDistillException>(() => OnnxStudent.Open(folder.Path, new() { Precision = "float32" }));
        Directory.Delete(Path.Combine(folder.Path, "onnx"), recursive: true);
        var none = Assert.Throws<StepDistillException>(() => OnnxStudent.Open(folder.Path));

        Assert.Contains("decoder_model_merged.mapped.onnx. Export the student first: stepdistill export", lost.Message, StringComparison.Ordinal);
        Assert.Contains("holds no ONNX files. Export the student first", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_graph_is_named_and_ends_nothing()
    {
        using var folder = new StudentCopy(exported.Folder, manifest => manifest);
        var path = Path.Combine(folder.Path, "onnx", "encoder_model.mapped.onnx");
        var whole = File.ReadAllBytes(path);
        foreach (var damage in new[] { Array.Empty<byte>(), whole[..100], [.. whole.Take(500), .. new byte[200], .. whole.Skip(700)] })
        {
            File.WriteAllBytes(path, damage);
            var fault = Assert.Throws<StepDistillException>(() => OnnxStudent.Open(folder.Path, new() { Precision = "float32" }));
            Assert.Contains("encoder_model.mapped.onnx cannot be loaded", fault.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>The exported folder with another manifest.</summary>
    private sealed class StudentCopy : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("copy");

        public StudentCopy(string from, Func<StudentManifest, StudentManifest> change)
        {
            foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            {
                var to = System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(from, file));
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }

            StudentFolder.Reseal(Path, change(StudentFolder.Open(Path).Manifest!));
        }

        public string Path => _folder.FullName;

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
