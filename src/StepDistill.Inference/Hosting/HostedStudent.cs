using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using StepDistill.Inference.Telemetry;
using StepDistill.Tasks;

namespace StepDistill.Inference.Hosting;

/// <summary>One student of an application: opened when first needed, once, and disposed with the container.</summary>
/// <param name="name">Its name in the application; empty for the one without a name.</param>
/// <param name="options">The options by name.</param>
/// <param name="meters">Makes the application's meters, where it has a factory.</param>
/// <param name="time">The clock.</param>
internal sealed class HostedStudent(string name, IOptionsMonitor<StudentOptions> options, IMeterFactory? meters, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private IStudentClassifier? _opened;
    private ObservedStudent? _observed;
    private bool _disposed;
    private volatile bool _isWarm;

    /// <summary>Its name in the application.</summary>
    public string Name => name;

    /// <summary>Whether the host has to wait for it.</summary>
    public bool WarmsUp => options.Get(name).WarmUp;

    /// <summary>Whether it has answered the host.</summary>
    public bool IsWarm => _isWarm;

    /// <summary>The student that the application asks: observed.</summary>
    public ObservedStudent Student
    {
        get
        {
            Open();
            return _observed!;
        }
    }

    /// <summary>Asks a sentence past the telemetry, for nobody's sake but to see that an answer comes.</summary>
    public StudentAnswer Try(CancellationToken cancellation)
    {
        var student = Open();
        var question = new StudentQuestion("This sentence is here to see that an answer comes.")
        {
            Choices = student.Description.Answer == AnswerKind.Choice ? ["yes", "no"] : null,
        };
        var answer = student.Classify([question], withRationales: false, cancellation)[0];
        _isWarm = true;
        return answer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _observed?.Dispose();
        }
    }

    // Not a Lazy: that one would keep the first failure for ever, and a folder may be put right.
    private IStudentClassifier Open()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_opened is null)
            {
                var chosen = options.Get(name);
                _opened = chosen.Open(chosen);
                _observed = new ObservedStudent(_opened, meters, time);
            }

            return _opened;
        }
    }
}
