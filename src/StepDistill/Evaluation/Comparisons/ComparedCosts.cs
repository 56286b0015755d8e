namespace StepDistill.Evaluation.Comparisons;

/// <summary>What answers cost, in US dollars; a figure that nobody can know yet is null.</summary>
/// <param name="TeacherPerThousand">The teacher's price of a thousand answers, from the tokens of those that are stored.</param>
/// <param name="TeacherNote">Where that price comes from, or why there is none.</param>
/// <param name="StudentPerThousand">The student's price of a thousand answers on a machine of the named price.</param>
/// <param name="StudentNote">Where that price comes from, or how to get one.</param>
/// <param name="Annotating">What the stored answers have cost.</param>
/// <param name="Training">What training the student once costs on the same machine.</param>
/// <param name="PaidAfter">Answers after which distilling has paid; null where it never does or a figure is missing.</param>
public sealed record ComparedCosts(
    double? TeacherPerThousand,
    string TeacherNote,
    double? StudentPerThousand,
    string StudentNote,
    double? Annotating,
    double? Training,
    double? PaidAfter);
