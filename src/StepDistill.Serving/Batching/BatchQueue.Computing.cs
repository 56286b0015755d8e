using StepDistill.Inference;

namespace StepDistill.Serving.Batching;

/// <content>How a batch is computed, and ends.</content>
internal sealed partial class BatchQueue
{
    private void Compute(List<QueuedRow> batch, Pace worker)
    {
        var begun = _clock.GetTimestamp();
        foreach (var row in batch)
        {
            _meters.Began(_clock.GetElapsedTime(row.Group.Arrived, begun));
        }

        ComputeEach(batch);
        var time = _clock.GetElapsedTime(begun);
        var tokens = batch.Sum(row => (long)row.Tokens);
        _meters.Computed(batch.Count, time);
        lock (_gate)
        {
            _computingTokens -= tokens;
            if (batch.Count == _limits.MaxRows || _waiting.Count > 0)
            {
                _rate.Add(tokens, time);
            }

            worker.Ended(batch.Count, _waiting.Count);
        }
    }

    /// <summary>Computes rows together; where that fails, in halves, so that one row's failure is its own.</summary>
    private void ComputeEach(List<QueuedRow> rows)
    {
        IReadOnlyList<StudentAnswer> answers;
        try
        {
            answers = _compute(rows[0].Group.Student, rows.ConvertAll(row => row.Question), _giveUp.Token);
            if (answers.Count != rows.Count)
            {
                throw new InvalidOperationException($"The student gave {answers.Count} answers to {rows.Count} questions.");
            }
        }
        catch (Exception) when (rows.Count > 1 && !_giveUp.IsCancellationRequested)
        {
            ComputeEach(rows[..(rows.Count / 2)]);
            ComputeEach(rows[(rows.Count / 2)..]);
            return;
        }
        catch (Exception failure)
        {
            foreach (var row in rows)
            {
                row.Group.Fail(_giveUp.IsCancellationRequested ? new RefusedException(Refusal.Stopping, TimeSpan.FromSeconds(1)) : failure);
                _meters.Failed(1);
                Withdraw(row.Group, failure);
            }

            return;
        }

        for (var i = 0; i < rows.Count; i++)
        {
            _estimate.Learn(rows[i].Question.Input, answers[i]);
            _meters.Answered(answers[i]);
            rows[i].Group.Answer(rows[i], answers[i]);
        }
    }
}
