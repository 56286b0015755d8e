namespace StepDistill.Teachers.Prompts;

/// <summary>How instruction, demonstrations and question are put to a model.</summary>
public enum PromptForm
{
    /// <summary>A system message, then each demonstration as a user's and an assistant's turn, then the question.</summary>
    Chat,

    /// <summary>One user message of running text that ends where the answer goes on: for base models and servers that only continue.</summary>
    Completion,
}
