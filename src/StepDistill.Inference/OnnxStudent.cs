using System.Runtime.CompilerServices;
using System.Threading.Channels;
using StepDistill.Batches;
using StepDistill.Inference.Confidence;
using StepDistill.Inference.Labels;
using StepDistill.Inference.Sessions;
using StepDistill.Students;
using StepDistill.Tasks;
using StepDistill.Tokenizers;

namespace StepDistill.Inference;

/// <summary>An exported student in ONNX Runtime.</summary>
/// <remarks>
/// For a closed set of labels, and for an input's own choices, each label's probability is computed directly: one pass of the
/// encoder, one of the decoder over all labels at once. Nothing is generated, and the answer is always one of them. Other
/// labels, and reasons, are generated token by token. Safe for use by any number of threads at once.
/// </remarks>
public sealed class OnnxStudent : IStudentClassifier
{
    private readonly StudentSessions sessions;
    private readonly Tokenizer tokenizer;
    private readonly OnnxStudentSettings settings;
    private readonly StudentManifest? manifest;
    private readonly StudentCalibration? calibration;
    private readonly LabelScorer? scorer;

    private OnnxStudent(
        StudentFolder folder, Tokenizer tokenizer, StudentSessions sessions, StudentPrecision precision, StudentCalibration? calibration, OnnxStudentSettings settings)
    {
        this.sessions = sessions;
        this.tokenizer = tokenizer;
        this.settings = settings;
        this.calibration = calibration;
        manifest = folder.Manifest;
        Precision = precision;
        Description = new(
            manifest?.Name ?? Path.GetFileName(folder.Path.TrimEnd(Path.DirectorySeparatorChar)),
            folder.Version,
            manifest?.Task.Name ?? "text",
            manifest?.Task.Answer ?? AnswerKind.Text,
            manifest?.Task.Labels ?? [],
            manifest?.MaxInputTokens ?? T5Config.DefaultMaxInputTokens,
            GivesRationales: manifest?.RationalePrefix is not null || SingleTask,
            precision.ToString());
        if (!SingleTask && Description.Answer is (AnswerKind.Label or AnswerKind.Choice))
        {
            scorer = new(sessions, tokenizer, Description.Answer == AnswerKind.Label ? Description.Labels : null);
        }
    }

    /// <inheritdoc/>
    public StudentDescription Description { get; }

    /// <summary>Which of the folder's files it uses.</summary>
    public StudentPrecision Precision { get; }

    // Reasons come before the label in one text, so no label can be scored without them.
    private bool SingleTask => manifest?.Arm == Recipes.Arms.SingleTask;

    /// <summary>Opens a student's folder.</summary>
    /// <param name="folder">The folder, with <c>onnx/</c> in it.</param>
    /// <param name="settings">Precision, threads and limits.</param>
    /// <exception cref="StepDistillException">There is no student, it was not exported in that precision, or a file is damaged.</exception>
    public static OnnxStudent Open(string folder, OnnxStudentSettings? settings = null) => Open(folder, settings ?? new(), CalibrationFile.Read(folder));

    /// <summary>Opens a student as it is without its calibration, which is about to be made anew.</summary>
    internal static OnnxStudent OpenUncalibrated(string folder, OnnxStudentSettings settings) => Open(folder, settings, calibrations: null);

    private static OnnxStudent Open(
        string folder, OnnxStudentSettings settings, IReadOnlyDictionary<string, StudentCalibration>? calibrations)
    {
        var student = StudentFolder.Open(folder);
        var precision = settings.Precision == OnnxStudentSettings.Auto ? Chosen(student) : StudentPrecision.Parse(settings.Precision);
        var tokenizer = student.LoadTokenizer();
        var calibration = calibrations?.GetValueOrDefault(precision.ToString());
        var sessions = new StudentSessions(folder, student.Config, precision, settings.Threads);
        return new OnnxStudent(student, tokenizer, sessions, precision, calibration, settings);
    }

    /// <inheritdoc/>
    public IReadOnlyList<StudentAnswer> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default)
    {
        StudentAnswer[] answers = [.. Measure(questions, cancellation).Select(one => one.Answer)];
        if (withRationales && Description.GivesRationales && !SingleTask)
        {
            var reasons = Write(
                [.. questions.Select(question => manifest!.RationalePrefix + question.Input)], manifest!.RationaleStart, settings.MaxTokens, 1, cancellation);
            for (var i = 0; i < answers.Length; i++)
            {
                answers[i] = answers[i] with { Rationale = reasons[i].Trim() };
            }
        }

        return answers;
    }

    /// <summary>Generates the label's text for each input, as Hugging Face's <c>generate</c> does.</summary>
    /// <param name="inputs">Inputs without a prefix.</param>
    /// <param name="maxTokens">Most tokens, the start mark included.</param>
    /// <param name="beams">Texts side by side; 1 is greedy.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public IReadOnlyList<string> WriteLabels(
        IReadOnlyList<string> inputs, int maxTokens = 64, int beams = 1, CancellationToken cancellation = default) =>
        Write([.. inputs.Select(input => (manifest?.LabelPrefix ?? "") + input)], null, maxTokens, beams, cancellation);

    /// <summary>Generates the label's tokens for each input, the end mark included.</summary>
    internal IReadOnlyList<int[]> WriteLabelTokens(IReadOnlyList<string> inputs, int maxTokens, int beams, CancellationToken cancellation) =>
        WriteTokens([.. inputs.Select(input => (manifest?.LabelPrefix ?? "") + input)], null, maxTokens, beams, cancellation);

    /// <summary>Answers without reasons, with what calibration is made from: see <see cref="MeasuredAnswer"/>.</summary>
    internal IReadOnlyList<MeasuredAnswer> Measure(IReadOnlyList<StudentQuestion> questions, CancellationToken cancellation)
    {
        var result = new MeasuredAnswer[questions.Count];
        InBatches([.. questions.Select(question => Read((manifest?.LabelPrefix ?? "") + question.Input))], (rows, encoded, read) =>
        {
            var asked = rows.Select(row => questions[row]).ToList();
            var said = scorer is null ? Generate(encoded, cancellation) : Score(scorer, asked, encoded);
            for (var i = 0; i < rows.Length; i++)
            {
                var (ids, cut) = read[i];
                result[rows[i]] = said[i] with
                {
                    Input = ids,
                    Answer = said[i].Answer with { Familiarity = calibration?.Familiarity?.Of(ids), InputTokens = ids.Length, Cut = cut },
                };
            }
        }, cancellation);
        return result;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ExplainAsync(
        StudentQuestion question, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (!Description.GivesRationales)
        {
            throw new NotSupportedException($"The student '{Description.Name}' was not trained to give reasons.");
        }

        var pieces = Channel.CreateUnbounded<string>(new() { SingleReader = true, SingleWriter = true });
        void Tell(string piece)
        {
            if (piece.Length > 0)
            {
                pieces.Writer.TryWrite(piece);
            }
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var writing = Task.Run(
            () =>
            {
                try
                {
                    var text = new GrowingText(tokenizer, SingleTask ? SingleTaskTarget.Marker.TrimEnd() : null);
                    using var encoded = sessions.Encode([Read((manifest!.RationalePrefix ?? "") + question.Input).Ids]);
                    GreedySearch.Write(
                        sessions, encoded, manifest.RationaleStart ?? sessions.Config.StartId, settings.MaxTokens, null,
                        (_, token) => Tell(text.Add(token)), stop.Token);
                    Tell(text.Finish());
                    pieces.Writer.Complete();
                }
                catch (Exception e)
                {
                    pieces.Writer.Complete(e);
                }
            },
            CancellationToken.None);
        try
        {
            await foreach (var piece in pieces.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                yield return piece;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await writing.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public int CountTokens(string input) => tokenizer.EncodeMarked((manifest?.LabelPrefix ?? "") + input).Length + 1;

    /// <inheritdoc/>
    public void Dispose() => sessions.Dispose();

    private static StudentPrecision Chosen(StudentFolder student)
    {
        if (student.Manifest?.Export?.Chosen is { } chosen)
        {
            return StudentPrecision.Parse(chosen);
        }

        var there = StudentGraphs.Precisions.FirstOrDefault(name => File.Exists(Path.Combine(student.Path, new StudentPrecision(name, name).EncoderFile)));
        return there is not null
            ? new(there, there)
            : throw new StepDistillException($"{student.Path} holds no ONNX files. Export the student first: stepdistill export {student.Path}");
    }

    private (int[] Ids, bool Cut) Read(string text)
    {
        var ids = tokenizer.EncodeMarked(text);
        var limit = Description.MaxInputTokens - 1;
        return ([.. ids.AsSpan(0, Math.Min(ids.Length, limit)), tokenizer.EndId], ids.Length > limit);
    }

    /// <summary>Inputs of like length together, and not too many at once: less padding, the same answers.</summary>
    private void InBatches(
        (int[] Ids, bool Cut)[] inputs, Action<int[], Encoded, (int[] Ids, bool Cut)[]> answer, CancellationToken cancellation)
    {
        var order = Enumerable.Range(0, inputs.Length).OrderBy(row => inputs[row].Ids.Length).ToArray();
        for (var start = 0; start < order.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var end = start + 1;
            while (end < order.Length && end - start < settings.MaxBatch
                && (end - start + 1) * inputs[order[end]].Ids.Length <= settings.MaxBatchTokens)
            {
                end++;
            }

            var rows = order[start..end];
            (int[] Ids, bool Cut)[] read = [.. rows.Select(row => inputs[row])];
            using var encoded = sessions.Encode([.. read.Select(one => one.Ids)]);
            answer(rows, encoded, read);
            start = end;
        }
    }

    private MeasuredAnswer[] Score(LabelScorer scorer, List<StudentQuestion> questions, Encoded encoded)
    {
        var scores = scorer.Score(questions, encoded);
        return [.. questions.Select((question, i) =>
        {
            var labels = scorer.LabelsOf(question);
            var shares = LabelTemperature.Apply(scores[i], calibration?.Temperature ?? 1);
            var ranked = labels.Select((label, place) => new LabelProbability(label, shares[place])).OrderByDescending(one => one.Probability).ToArray();
            return new MeasuredAnswer(
                new() { Label = ranked[0].Label, Confidence = ranked[0].Probability, Probabilities = ranked }, labels, scores[i], []);
        })];
    }

    private MeasuredAnswer[] Generate(Encoded encoded, CancellationToken cancellation)
    {
        var likely = new double[encoded.Rows];
        var written = GreedySearch.Write(sessions, encoded, sessions.Config.StartId, settings.MaxTokens, likely, null, cancellation);
        return [.. written.Select((ids, i) =>
        {
            var text = tokenizer.Decode(ids);
            var read = SingleTask ? SingleTaskTarget.Read(text) : new Prediction(text.Trim());
            return new MeasuredAnswer(new() { Label = read.Label, Confidence = Math.Exp(likely[i]), Rationale = read.Rationale }, [], [], []);
        })];
    }

    private string[] Write(string[] inputs, int? startId, int maxTokens, int beams, CancellationToken cancellation) =>
        [.. WriteTokens(inputs, startId, maxTokens, beams, cancellation).Select(ids => tokenizer.Decode(ids))];

    private int[][] WriteTokens(string[] inputs, int? startId, int maxTokens, int beams, CancellationToken cancellation)
    {
        var texts = new int[inputs.Length][];
        InBatches([.. inputs.Select(Read)], (rows, encoded, _) =>
        {
            var start = startId ?? sessions.Config.StartId;
            var written = beams == 1
                ? GreedySearch.Write(sessions, encoded, start, maxTokens, null, null, cancellation)
                : BeamWriting.Write(sessions, encoded, start, maxTokens, beams, cancellation);
            for (var i = 0; i < rows.Length; i++)
            {
                texts[rows[i]] = written[i];
            }
        }, cancellation);
        return texts;
    }
}
