using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Teachers;

/// <summary>A teacher whose answers are already there: with the rows, or in a file of answers matched by id.</summary>
/// <remarks>Safe for use by several threads at once.</remarks>
public sealed class RecordedTeacher : ITeacher
{
    private readonly TaskSpec _task;
    private readonly string _format;
    private readonly RecordedAnswers? _recorded;
    private readonly TimeProvider _time;

    /// <summary>Creates the teacher.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="format">How completions are read: one of <see cref="ReplyReader.Formats"/>.</param>
    /// <param name="answers">Answers by id; where given, what came with the rows is not looked at.</param>
    /// <param name="time">What stamps annotations; the system's clock where missing.</param>
    /// <exception cref="StepDistillException">There is no such format.</exception>
    public RecordedTeacher(TaskSpec task, string format, RecordedAnswers? answers = null, TimeProvider? time = null)
    {
        _task = task;
        _format = ReplyReader.Formats.Contains(format) ? format : throw new StepDistillException(
            $"teacher.format is '{format}'; it must be {string.Join(", ", ReplyReader.Formats)}.");
        _recorded = answers;
        Answers = [this];
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Creates a teacher whose answers follow one another: each file's, and in a file each row's by its number.</summary>
    private RecordedTeacher(TaskSpec task, string format, IReadOnlyList<RecordedAnswers> files, TimeProvider? time)
        : this(task, format, files[0], time)
    {
        var others = files
            .SelectMany(file => Enumerable.Range(0, file.Samples), (file, sample) => (File: file, Sample: sample))
            .Skip(1)
            .Select((one, number) => new RecordedTeacher(task, format, one.File, time) { Sample = one.Sample, Number = number + 1 });
        Answers = [this, .. others];
    }

    /// <summary>Creates the teacher that a recipe asks for, and reads its files of answers where it names any.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="section">The section <c>teacher</c>.</param>
    /// <param name="time">What stamps annotations; the system's clock where missing.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="StepDistillException">The format is unknown, or a file of answers cannot be used.</exception>
    public static async Task<RecordedTeacher> OpenAsync(
        TaskSpec task, TeacherSection section, TimeProvider? time = null, CancellationToken cancellation = default)
    {
        var files = new List<RecordedAnswers>();
        foreach (var path in section.Answers ?? [])
        {
            files.Add(await RecordedAnswers.ReadAsync(path, cancellation).ConfigureAwait(false));
        }

        var format = section.Format ?? task.ReplyFormat;
        return files.Count == 0 ? new(task, format, time: time) : new(task, format, files, time);
    }

    /// <summary>Who answers where the data does not say: <c>recorded</c>.</summary>
    public string Name => "recorded";

    /// <inheritdoc/>
    public IReadOnlyList<ITeacher> Answers { get; }

    /// <summary>Which of several answers this one gives, from 0.</summary>
    private int Number { get; init; }

    /// <summary>Which of the file's several answers to a row that is.</summary>
    private int Sample { get; init; }

    /// <summary>Every row can be asked about: an answer may be known where the input is not.</summary>
    /// <param name="example">The example.</param>
    public bool CanAnswer(Example example) => true;

    /// <inheritdoc/>
    public string KeyOf(Example example) => AnnotationKey.OfRecorded(_task, _format, example, AnswerTo(example));

    /// <inheritdoc/>
    public Task<Annotation> AnswerAsync(Example example, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var answer = AnswerTo(example);
        var reply = Read(example, answer);
        return Task.FromResult(new Annotation
        {
            Key = AnnotationKey.OfRecorded(_task, _format, example, answer),
            ExampleId = example.Id,
            Teacher = answer?.Model ?? Name,
            Status = reply.Status,
            // Where a label that came already parted cannot be used, it is the text that could not be read.
            Reply = answer?.Completion ?? (reply.Status == AnnotationStatus.Unreadable ? answer?.Label : null) ?? "",
            Label = reply.Label,
            Rationale = reply.Rationale,
            Fault = reply.Fault,
            Sample = Number,
            At = _time.GetUtcNow(),
        });
    }

    private RecordedAnswer? AnswerTo(Example example) => _recorded is null ? example.Recorded : _recorded.Find(example.Id, Sample);

    /// <summary>A completion is read even where rationale and label stand beside it: it is what the teacher said.</summary>
    private Reply Read(Example example, RecordedAnswer? answer)
    {
        if (answer?.Completion is { } completion)
        {
            return ReplyReader.Read(_task, _format, example, completion, hitTokenLimit: false);
        }

        if (answer?.Label is not { } label)
        {
            return new Reply(AnnotationStatus.Failed, null, null, "The data holds no recorded answer for this row.");
        }

        var rationale = string.IsNullOrWhiteSpace(answer.Rationale) ? null : answer.Rationale.Trim();
        return _task.Canonical(example, label) is { } canonical
            ? new Reply(AnnotationStatus.Ok, canonical, rationale, null)
            : new Reply(AnnotationStatus.Unreadable, null, rationale,
                $"The recorded label '{(label.Length > 80 ? label[..80] + "…" : label)}' is not one that the task allows.");
    }
}
