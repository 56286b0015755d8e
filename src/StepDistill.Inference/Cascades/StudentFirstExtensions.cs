using Microsoft.Extensions.AI;

namespace StepDistill.Inference.Cascades;

/// <summary>Puts a student before an application's large model.</summary>
public static class StudentFirstExtensions
{
    /// <summary>Lets the student answer where it is sure, and the client otherwise; see <see cref="StudentFirstChatClient"/>.</summary>
    /// <param name="client">The large model's client; disposed with the new one.</param>
    /// <param name="student">The student; the caller disposes it, after the new client.</param>
    /// <param name="options">When the student answers, and what is kept.</param>
    /// <remarks>
    /// With Microsoft.Extensions.AI's builder: <c>builder.Use(inner => inner.UseStudentFirst(student, options))</c>. What stands
    /// inside it, such as <c>UseStepDistillRecording</c>, sees the large model's calls only, audits among them.
    /// </remarks>
    /// <exception cref="StepDistillException">The cascade promises nothing or is another student's, or a file cannot be opened: told now, not while calls go on.</exception>
    /// <exception cref="ArgumentException">A number is outside its range, or the format unknown.</exception>
    public static StudentFirstChatClient UseStudentFirst(this IChatClient client, IStudentClassifier student, StudentFirstOptions options) =>
        new(client, student, options);
}
