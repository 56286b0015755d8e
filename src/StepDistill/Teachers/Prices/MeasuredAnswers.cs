using MathNet.Numerics.Distributions;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Teachers.Prices;

/// <summary>Running sums over answers whose tokens were counted, enough for totals over other rows with their intervals.</summary>
/// <remarks>
/// Prompts' tokens are taken to be proportional to their bytes, replies' not to depend on them: a ratio estimator and a mean
/// (Cochran 1977, <em>Sampling techniques</em>, chapters 2 and 6). The variance of a total over N new rows has two parts:
/// the rows' own spread, N·s², and what is not known about ratio and mean, N²·s²/n.
/// </remarks>
internal sealed class MeasuredAnswers
{
    private double _bytes, _input, _output, _bytes2, _input2, _output2, _bytesInput, _bytesOutput, _inputOutput;
    private double _seconds;
    private long _timed;

    /// <summary>How many there are.</summary>
    public long Count { get; private set; }

    /// <summary>Seconds that an answer takes on average; null where none was timed.</summary>
    public double? Latency => _timed > 0 ? _seconds / _timed : null;

    /// <summary>Takes in an answer.</summary>
    /// <param name="bytes">Bytes of its prompt.</param>
    /// <param name="input">Tokens of its prompt.</param>
    /// <param name="output">Tokens of its reply.</param>
    /// <param name="latency">From question to answer; zero where not known.</param>
    public void Add(long bytes, long input, long output, TimeSpan latency)
    {
        var (x, y, z) = ((double)bytes, (double)input, (double)output);
        Count++;
        (_bytes, _input, _output) = (_bytes + x, _input + y, _output + z);
        (_bytes2, _input2, _output2) = (_bytes2 + (x * x), _input2 + (y * y), _output2 + (z * z));
        (_bytesInput, _bytesOutput, _inputOutput) = (_bytesInput + (x * y), _bytesOutput + (x * z), _inputOutput + (y * z));
        if (latency > TimeSpan.Zero)
        {
            _timed++;
            _seconds += latency.TotalSeconds;
        }
    }

    /// <summary>The total of a weighted sum of tokens over new rows, and half the width of its 95 % interval.</summary>
    /// <param name="questions">How many new rows.</param>
    /// <param name="bytes">Bytes of all their prompts.</param>
    /// <param name="input">Weight of a prompt's token: 1 to count tokens, dollars to count these.</param>
    /// <param name="output">Weight of a reply's token.</param>
    public (double Total, double Half) Project(long questions, long bytes, double input, double output)
    {
        if (questions == 0)
        {
            return (0, 0);
        }

        double n = Count, N = questions;
        var ratio = _bytes > 0 ? _input / _bytes : 0;
        var mean = _output / n;
        var total = (input * ratio * bytes) + (output * mean * N);

        // Residuals d = y − ratio·x sum up to zero, so their products with z need no mean taken off.
        var dd = Math.Max(0, _input2 - (2 * ratio * _bytesInput) + (ratio * ratio * _bytes2)) / (n - 1);
        var zz = Math.Max(0, _output2 - (n * mean * mean)) / (n - 1);
        var dz = (_inputOutput - (ratio * _bytesOutput)) / (n - 1);
        var scale = _bytes > 0 ? bytes / N / (_bytes / n) : 1;      // longer prompts than the measured ones are less sure
        var rows = Spread(input);
        var unknown = Spread(input * scale);
        var half = StudentT.InvCDF(0, 1, n - 1, (1 + ConfidenceInterval.Level) / 2)
            * Math.Sqrt((N * rows) + (N * N * unknown / n));
        return (total, half);

        double Spread(double a) => Math.Max(0, (a * a * dd) + (2 * a * output * dz) + (output * output * zz));
    }
}
