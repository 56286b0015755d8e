namespace StepDistill.Inference.Confidence;

/// <summary>How long answers take.</summary>
/// <param name="P50">Milliseconds within which half of the answers came.</param>
/// <param name="P95">The same for 95 of 100.</param>
/// <param name="P99">The same for 99 of 100.</param>
public sealed record AnswerTimes(double P50, double P95, double P99)
{
    /// <summary>Orders times and takes the places: the smallest time that so many are not above.</summary>
    /// <param name="milliseconds">At least one.</param>
    public static AnswerTimes Of(IEnumerable<double> milliseconds)
    {
        var sorted = milliseconds.Order().ToArray();
        double At(double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
        return new(At(0.5), At(0.95), At(0.99));
    }
}

/// <summary>A student's answers to some rows, in one precision.</summary>
/// <param name="Precision">The precision.</param>
/// <param name="Bytes">Size of the two files that it needs.</param>
/// <param name="Tokens">For each row the label's tokens, written greedily.</param>
/// <param name="Answers">For each row what <see cref="OnnxStudent.Classify"/> says, uncalibrated.</param>
/// <param name="Labels">For each row the labels that it may have; empty for labels that are not scored.</param>
/// <param name="LogProbabilities">For each row those of its labels, in their order.</param>
/// <param name="Inputs">For each row its input's ids.</param>
/// <param name="Times">One row at a time.</param>
public sealed record MeasuredStudent(
    string Precision,
    long Bytes,
    IReadOnlyList<int[]> Tokens,
    IReadOnlyList<StudentAnswer> Answers,
    IReadOnlyList<IReadOnlyList<string>> Labels,
    IReadOnlyList<double[]> LogProbabilities,
    IReadOnlyList<int[]> Inputs,
    AnswerTimes Times)
{
    private const int WarmUp = 5;

    /// <summary>Asks a student.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="precision">Which files.</param>
    /// <param name="threads">Threads of one pass; null for one a core.</param>
    /// <param name="questions">The rows, at least one.</param>
    /// <param name="maxTokens">Most tokens that are written, the start mark included.</param>
    /// <param name="timed">Of how many rows the time is taken.</param>
    /// <param name="clock">By which time is taken.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static MeasuredStudent Of(
        string folder,
        string precision,
        int? threads,
        IReadOnlyList<StudentQuestion> questions,
        int maxTokens,
        int timed,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        using var student = OnnxStudent.OpenUncalibrated(folder, new() { Precision = precision, Threads = threads, MaxTokens = maxTokens });
        var times = new List<double>();
        for (var i = 0; i < timed + WarmUp; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = clock.GetTimestamp();
            student.Classify([questions[i % questions.Count]], cancellation: cancellation);
            if (i >= WarmUp)
            {
                times.Add(clock.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        var measured = student.Measure(questions, cancellation);
        return new(
            precision,
            student.Precision.BytesIn(folder),
            student.WriteLabelTokens([.. questions.Select(question => question.Input)], maxTokens, 1, cancellation),
            [.. measured.Select(row => row.Answer)],
            [.. measured.Select(row => row.Labels)],
            [.. measured.Select(row => row.LogProbabilities)],
            [.. measured.Select(row => row.Input)],
            AnswerTimes.Of(times));
    }
}
