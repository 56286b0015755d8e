namespace StepDistill;

/// <summary>Something that the person at the keyboard can set right: the message says what was found, what was expected, where, and what to do.</summary>
/// <remarks>The command line shows the message without a stack trace and ends with exit code 1 (2 for a <see cref="Recipes.RecipeException"/>).</remarks>
public class StepDistillException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was found, what was expected, where, and what to do.</param>
    /// <param name="inner">What brought it to light, if anything.</param>
    public StepDistillException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
