using StepDistill.Inference;

namespace StepDistill.Serving.Batching;

/// <summary>The questions of one request. They may be computed in several batches; the request ends when each has ended.</summary>
/// <remarks>
/// That it ends no sooner is what keeps a student alive while it computes: the request holds it, and a request whose client has
/// gone still waits for the rows that are being computed.
/// </remarks>
internal sealed class RowGroup
{
    private readonly TaskCompletionSource<IReadOnlyList<StudentAnswer>> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StudentAnswer[] _answers;
    private int _left;
    private Exception? _failure;

    /// <summary>Creates a request's group.</summary>
    /// <param name="student">Who is asked.</param>
    /// <param name="questions">What; at least one.</param>
    /// <param name="estimate">About how many tokens an input has.</param>
    /// <param name="arrived">When, as a timestamp.</param>
    /// <param name="deadline">Until when it may wait, as a timestamp.</param>
    public RowGroup(
        IStudentClassifier student, IReadOnlyList<StudentQuestion> questions, Func<string, int> estimate, long arrived, long deadline)
    {
        (Student, Arrived, Deadline, _left) = (student, arrived, deadline, questions.Count);
        _answers = new StudentAnswer[questions.Count];
        Rows = new QueuedRow[questions.Count];
        for (var i = 0; i < Rows.Length; i++)
        {
            Rows[i] = new QueuedRow(this, i, questions[i], estimate(questions[i].Input));
        }
    }

    /// <summary>Who is asked.</summary>
    public IStudentClassifier Student { get; }

    /// <summary>The questions.</summary>
    public QueuedRow[] Rows { get; }

    /// <summary>When the request came.</summary>
    public long Arrived { get; }

    /// <summary>Until when its questions may wait.</summary>
    public long Deadline { get; }

    /// <summary>The answers in the order of the questions, or the first failure; ended when every row has.</summary>
    public Task<IReadOnlyList<StudentAnswer>> Task => _end.Task;

    /// <summary>Ends a row with its answer.</summary>
    public void Answer(QueuedRow row, StudentAnswer answer)
    {
        _answers[row.Index] = answer;
        EndOne();
    }

    /// <summary>Ends a row that was not answered.</summary>
    public void Fail(Exception failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        EndOne();
    }

    private void EndOne()
    {
        if (Interlocked.Decrement(ref _left) > 0)
        {
            return;
        }

        if (_failure is OperationCanceledException cancelled)
        {
            _end.TrySetCanceled(cancelled.CancellationToken);
        }
        else if (_failure is { } failure)
        {
            _end.TrySetException(failure);
        }
        else
        {
            _end.TrySetResult(_answers);
        }
    }
}
