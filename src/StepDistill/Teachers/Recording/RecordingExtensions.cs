using Microsoft.Extensions.AI;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Recording;

/// <summary>Puts the recording into an application's pipeline.</summary>
public static class RecordingExtensions
{
    /// <summary>Records what a client is asked and answers; see <see cref="RecordingChatClient"/>.</summary>
    /// <param name="client">The application's client; disposed with the new one.</param>
    /// <param name="task">The task that the calls are about.</param>
    /// <param name="options">Where and what to record.</param>
    /// <remarks>
    /// With Microsoft.Extensions.AI's builder: <c>builder.Use(inner => inner.UseStepDistillRecording(task, options))</c>. What
    /// stands outside it, such as a cache, keeps its calls from being recorded; put it outside the invocation of tools, and
    /// only whole answers pass through it.
    /// </remarks>
    /// <exception cref="StepDistillException">The format is unknown, or file or store cannot be opened.</exception>
    public static RecordingChatClient UseStepDistillRecording(this IChatClient client, TaskSpec task, RecordingOptions options) =>
        new(client, task, options);
}
