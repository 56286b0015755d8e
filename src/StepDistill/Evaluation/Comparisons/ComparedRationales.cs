namespace StepDistill.Evaluation.Comparisons;

/// <summary>Whether the teacher's reasons are reasons: what they have to do with the labels, and what shuffled ones reach.</summary>
/// <param name="Rows">Training rows with a rationale and a teacher's label that were looked at.</param>
/// <param name="Words">Words of a rationale in the middle of all (the median).</param>
/// <param name="NamesOwnLabel">Share of rationales that write the teacher's label out word for word: the label leaks.</param>
/// <param name="NamesOnlyOtherLabel">Share that write out another label and not their own; null where labels are no closed set or choices.</param>
/// <param name="LabelFromRationale">
/// Share of the teacher's labels that a model of words tells from the rationale alone, tested on rows it was not fitted on.
/// </param>
/// <param name="LabelFromRationaleLow">Lower end of that share's 95 % interval.</param>
/// <param name="LabelFromRationaleHigh">Upper end of that share's 95 % interval.</param>
/// <param name="LabelFromInput">The same from the input alone.</param>
/// <param name="CommonestLabel">Share of the commonest label: what is told from nothing.</param>
public sealed record ComparedRationales(
    int Rows,
    double Words,
    double NamesOwnLabel,
    double? NamesOnlyOtherLabel,
    double? LabelFromRationale,
    double? LabelFromRationaleLow,
    double? LabelFromRationaleHigh,
    double? LabelFromInput,
    double CommonestLabel)
{
    /// <summary>A judge's verdict on the students' rationales against the teacher's; null where nobody was asked.</summary>
    public ComparedJudgement? Judgement { get; init; }
}

/// <summary>What a judge, asked twice in swapped order, prefers.</summary>
/// <param name="Judge">Who.</param>
/// <param name="Rows">Rows that it was asked about.</param>
/// <param name="PrefersStudent">Rows where it prefers the student's rationale in both orders.</param>
/// <param name="PrefersTeacher">Rows where it prefers the teacher's rationale in both orders.</param>
/// <param name="Undecided">Rows where it calls them equal, or where its verdict turns with the order.</param>
public sealed record ComparedJudgement(string Judge, int Rows, int PrefersStudent, int PrefersTeacher, int Undecided)
{
    /// <summary>Requests to which no answer came; their rows are among the undecided.</summary>
    public int Unanswered { get; init; }
}
