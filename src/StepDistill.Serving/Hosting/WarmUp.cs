using StepDistill.Inference;
using StepDistill.Tasks;

namespace StepDistill.Serving.Hosting;

/// <summary>Lets a student answer a few made-up questions, so that the first real one is not the slow one.</summary>
internal static class WarmUp
{
    private static readonly string[] Choices = ["one", "two"];

    /// <summary>Asks one question, a full batch, and one long question; and for reasons, where the student gives any.</summary>
    /// <param name="student">The student.</param>
    /// <param name="rows">Questions of a full batch.</param>
    public static void Run(IStudentClassifier student, int rows)
    {
        var choices = student.Description.Answer == AnswerKind.Choice ? Choices : null;
        StudentQuestion Question(int words) => new(string.Join(' ', Enumerable.Repeat("word", words))) { Choices = choices };

        student.Classify([Question(8)]);
        student.Classify([.. Enumerable.Range(0, rows).Select(row => Question(4 + row))]);
        student.Classify([Question(student.Description.MaxInputTokens)]);
        if (student.Description.GivesRationales)
        {
            student.Classify([Question(8)], withRationales: true);
        }
    }
}
