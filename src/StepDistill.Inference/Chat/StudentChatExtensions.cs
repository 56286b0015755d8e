namespace StepDistill.Inference.Chat;

/// <summary>Puts students where chat models stand.</summary>
public static class StudentChatExtensions
{
    /// <summary>Gives a student the interface of a chat model: see <see cref="StudentChatClient"/>.</summary>
    /// <param name="student">The student; it stays its owner's.</param>
    /// <param name="options">What it is asked and what it replies; null for the defaults.</param>
    /// <exception cref="StepDistillException">Reasons are wanted of a student that was not trained to give them.</exception>
    public static StudentChatClient AsIChatClient(this IStudentClassifier student, StudentChatOptions? options = null) => new(student, options);
}
