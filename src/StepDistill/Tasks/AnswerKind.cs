namespace StepDistill.Tasks;

/// <summary>What a label of a task is.</summary>
public enum AnswerKind
{
    /// <summary>One of a closed set of labels that the task lists.</summary>
    Label,

    /// <summary>The text of one of the input's own choices.</summary>
    Choice,

    /// <summary>An equation or a number, right when its exact value is.</summary>
    Equation,

    /// <summary>Free text.</summary>
    Text,
}
