using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using StepDistill.Files;
using StepDistill.Teachers.Recording;

namespace StepDistill.Inference.Cascades;

/// <summary>What the large model said where the student was not sure or said something else: the rows that the next round trains on.</summary>
/// <remarks>
/// Written on a thread of its own; callers never wait and see no exception of it. Rows are those of recorded traffic, ids included,
/// with the student's answer beside them. Of each input the first answer stays. A process that is killed leaves whole lines and
/// perhaps half a last one, which the next start cuts off.
/// </remarks>
internal sealed class NextRoundLog : IAsyncDisposable
{
    private const int Capacity = 1024;
    private const int Batch = 256;

    private readonly LargeReply _reading;
    private readonly StudentFirstOptions _options;
    private readonly CascadeCounter _counter;
    private readonly TrafficFile _rows;
    private readonly Channel<Entry> _entries = Channel.CreateBounded<Entry>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Task _writing;

    /// <exception cref="StepDistillException">The file cannot be opened.</exception>
    public NextRoundLog(string path, LargeReply reading, StudentFirstOptions options, CascadeCounter counter)
    {
        (_reading, _options, _counter) = (reading, options, counter);
        _rows = TrafficFile.Open(path);
        _writing = Task.Run(WriteAsync);
    }

    /// <param name="Question">What was asked.</param>
    /// <param name="Answer">What the student said; null where it could not be asked.</param>
    /// <param name="Text">The large model's whole reply.</param>
    /// <param name="Model">Which model it was; null where nobody says.</param>
    /// <param name="Why"><c>disagreed</c>, <c>unsure</c>, <c>unfamiliar</c> or <c>failed</c>.</param>
    /// <param name="At">When the reply was whole.</param>
    private sealed record Entry(StudentQuestion Question, StudentAnswer? Answer, string Text, string? Model, string Why, DateTimeOffset At);

    /// <summary>Hands a row over; never waits.</summary>
    public void Offer(StudentQuestion question, StudentAnswer? answer, string text, string? model, string why)
    {
        if (!_entries.Writer.TryWrite(new(question, answer, text, model, why, _options.Time.GetUtcNow())))
        {
            _counter.Add(counts => counts with { NotLogged = counts.NotLogged + 1 });
        }
    }

    /// <summary>Writes what waits, for as long as <see cref="StudentFirstOptions.Drain"/> allows, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        try
        {
            await _writing.WaitAsync(_options.Drain, _options.Time).ConfigureAwait(false);
            _rows.Dispose();
        }
        catch (TimeoutException)
        {
            _ = _writing.ContinueWith(_ => _rows.Dispose(), TaskScheduler.Default);
        }
    }

    private async Task WriteAsync()
    {
        var batch = new List<JsonObject>();
        while (await _entries.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.Count < Batch && _entries.Reader.TryRead(out var entry))
            {
                Try(1, () =>
                {
                    if (RowOf(entry) is { } row)
                    {
                        batch.Add(row);
                    }
                });
            }

            Try(batch.Count, () => Save(batch));
            batch.Clear();
        }
    }

    /// <summary>Nothing that goes wrong here may end the log or reach the application; it is counted.</summary>
    private void Try(int rows, Action part)
    {
        try
        {
            part();
        }
        catch (Exception e)
        {
            _counter.Add(counts => counts with { NotLogged = counts.NotLogged + rows, Fault = e.Message });
        }
    }

    private void Save(List<JsonObject> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }

        try
        {
            _rows.Append(batch);
        }
        catch
        {
            batch.ForEach(row => _rows.Forget((string)row["id"]!));
            throw;
        }

        _counter.Add(counts => counts with { Logged = counts.Logged + batch.Count });
    }

    /// <summary>The row; null where the reply says nothing that could be learnt, or the input is a row already.</summary>
    private JsonObject? RowOf(Entry entry)
    {
        var (input, text) = (_options.Redact(entry.Question.Input), _options.Redact(entry.Text));
        var id = ContentHash.Of("recorded traffic", input)[..32];
        var reply = _reading.Read(_reading.ExampleOf(entry.Question, id, input), text);
        if (string.IsNullOrWhiteSpace(input) || reply.Label is not { } label || _rows.Knows(id))
        {
            return null;
        }

        var row = new JsonObject { ["id"] = id, ["input"] = input };
        var teacher = new JsonObject();
        if (entry.Model is { } model)
        {
            teacher["model"] = model;
        }

        if (_options.Parse is null)
        {
            teacher["completion"] = text;
        }
        else
        {
            row["rationale"] = reply.Rationale;
            row["teacher_label"] = label;
        }

        if (teacher.Count > 0)
        {
            row["teacher"] = teacher;
        }

        row["why"] = entry.Why;
        row["student_label"] = entry.Answer?.Label;
        row["student_confidence"] = entry.Answer?.Confidence;
        row["recorded_at"] = entry.At.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
        return row;
    }
}
