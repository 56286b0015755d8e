using Microsoft.ML.OnnxRuntime;

namespace StepDistill.Inference.Sessions;

/// <summary>How ONNX Runtime runs.</summary>
internal static class SessionSettings
{
    /// <summary>Makes the options of a session.</summary>
    /// <param name="threads">Threads of one pass; null for one a core.</param>
    public static SessionOptions Create(int? threads)
    {
        var options = new SessionOptions
        {
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,

            // A plan of memory for each length that ever came costs more than it saves: as fast, and 40 MB less after a batch of 32.
            EnableMemoryPattern = false,
        };
        if (threads is { } count)
        {
            options.IntraOpNumThreads = count;
        }

        // Threads that wait for work in a loop take the processor from whoever serves requests beside them.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        return options;
    }
}
