using StepDistill.Inference;

namespace StepDistill.Serving.Http;

/// <summary>Refuses inputs of too many tokens, where a limit is set; without one, the student cuts them and says so.</summary>
internal static class TokenLimit
{
    /// <summary>Counts, if there is a limit.</summary>
    /// <exception cref="RequestFault">The input is too long.</exception>
    public static void Require(IStudentClassifier student, string input, ServeSettings limits, string field)
    {
        if (limits.MaxTokens is { } most && student.CountTokens(input) is var tokens && tokens > most)
        {
            throw RequestFault.At(field, $"has {tokens} tokens; it may have {most}.");
        }
    }
}
