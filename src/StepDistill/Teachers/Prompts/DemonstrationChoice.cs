namespace StepDistill.Teachers.Prompts;

/// <summary>Which demonstrations a question is shown with.</summary>
public enum DemonstrationChoice
{
    /// <summary>All of them, in the file's order.</summary>
    Fixed,

    /// <summary>Some, drawn by the row's input and a seed: the same ones for the same row each time.</summary>
    Random,

    /// <summary>Those whose inputs are most like the row's, the likest last (Liu et al. 2022, https://arxiv.org/abs/2101.06804).</summary>
    Nearest,
}
