using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using StepDistill.Tasks;

namespace StepDistill.Inference.Telemetry;

/// <summary>Passes questions on to a student and tells traces and meters how the work goes: see <see cref="StudentTelemetry"/>.</summary>
/// <remarks>Disposing disposes the student, once. As safe for several threads as the student is.</remarks>
public sealed class ObservedStudent : IStudentClassifier
{
    private readonly IStudentClassifier _inner;
    private readonly StudentMeters _meters;
    private readonly TimeProvider _time;
    private readonly FrozenSet<string> _labels;
    private readonly KeyValuePair<string, object?>[] _who;
    private int _disposed;

    /// <summary>Begins to observe.</summary>
    /// <param name="inner">The student; disposed with this one.</param>
    /// <param name="meters">Makes the meter; null for one that the whole process shares.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public ObservedStudent(IStudentClassifier inner, IMeterFactory? meters = null, TimeProvider? time = null)
    {
        _inner = inner;
        _meters = new StudentMeters(meters);
        _time = time ?? TimeProvider.System;

        // Free text as a tag would make a series of every answer, and put it where text must not be.
        _labels = inner.Description.Answer == AnswerKind.Label ? [.. inner.Description.Labels] : [];
        _who =
        [
            new("stepdistill.student.name", inner.Description.Name),
            new("stepdistill.student.version", inner.Description.Version),
        ];
    }

    /// <inheritdoc/>
    public StudentDescription Description => _inner.Description;

    /// <inheritdoc/>
    public IReadOnlyList<StudentAnswer> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default)
    {
        using var activity = Begin("classify");
        activity?.SetTag("stepdistill.student.rows", questions.Count);
        activity?.SetTag("stepdistill.student.rationales", withRationales);
        var started = _time.GetTimestamp();
        Exception? failure = null;
        try
        {
            var answers = _inner.Classify(questions, withRationales, cancellation);
            Count(answers, activity);
            return answers;
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            End(activity, withRationales ? "classify_with_rationales" : "classify", _time.GetElapsedTime(started), failure);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ExplainAsync(
        StudentQuestion question, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var activity = Begin("explain");
        var spent = TimeSpan.Zero;
        var pieces = 0;
        Exception? failure = null;
        IAsyncEnumerator<string>? reasons = null;
        try
        {
            while (true)
            {
                // The caller's own activity is current again whenever it asks for the next piece.
                Activity.Current = activity ?? Activity.Current;
                var started = _time.GetTimestamp();
                try
                {
                    reasons ??= _inner.ExplainAsync(question, cancellation).GetAsyncEnumerator(cancellation);
                    if (!await reasons.MoveNextAsync().ConfigureAwait(false))
                    {
                        break;
                    }
                }
                catch (Exception e)
                {
                    failure = e;
                    throw;
                }
                finally
                {
                    spent += _time.GetElapsedTime(started);     // without the time that the reader takes over a piece
                }

                pieces++;
                yield return reasons.Current;
            }
        }
        finally
        {
            if (reasons is not null)
            {
                await reasons.DisposeAsync().ConfigureAwait(false);
            }

            activity?.SetTag("stepdistill.student.pieces", pieces);
            End(activity, "explain", spent, failure);
        }
    }

    /// <inheritdoc/>
    public int CountTokens(string input) => _inner.CountTokens(input);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _inner.Dispose();
        }
    }

    private Activity? Begin(string operation)
    {
        if (!StudentTelemetry.Source.HasListeners())
        {
            return null;
        }

        return StudentTelemetry.Source.StartActivity($"{operation} {Description.Name}", ActivityKind.Internal, parentContext: default, tags: _who);
    }

    private void Count(IReadOnlyList<StudentAnswer> answers, Activity? activity)
    {
        foreach (var answer in answers)
        {
            var tags = new TagList(_who);
            if (_labels.Contains(answer.Label))
            {
                tags.Add("stepdistill.student.label", answer.Label);
            }

            _meters.Questions.Add(1, tags);
            _meters.InputTokens.Record(answer.InputTokens, _who);
            _meters.Confidence.Record(answer.Confidence, _who);
            if (answer.Familiarity is { } familiarity)
            {
                _meters.Familiarity.Record(familiarity, _who);
            }

            if (answer.Cut)
            {
                _meters.Cut.Add(1, _who);
            }
        }

        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("stepdistill.student.input_tokens", answers.Sum(answer => answer.InputTokens));
            activity.SetTag("stepdistill.student.cut", answers.Count(answer => answer.Cut));
        }
    }

    private void End(Activity? activity, string operation, TimeSpan spent, Exception? failure)
    {
        var tags = new TagList(_who) { { "stepdistill.operation", operation } };
        if (failure is not null)
        {
            // The kind of the error only: its message may quote the question.
            var kind = failure.GetType().FullName;
            tags.Add("error.type", kind);
            activity?.SetTag("error.type", kind);
            activity?.SetStatus(ActivityStatusCode.Error);
        }

        _meters.Duration.Record(spent.TotalSeconds, tags);
    }
}
