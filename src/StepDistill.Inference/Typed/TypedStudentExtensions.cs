using System.Diagnostics.CodeAnalysis;

namespace StepDistill.Inference.Typed;

/// <summary>From labels as text to labels as members of an enum.</summary>
public static class TypedStudentExtensions
{
    /// <summary>Asks a student and names its labels by members of an enum.</summary>
    /// <typeparam name="TLabel">
    /// An enum with one member for each label. <c>NotSure</c> and <c>not_sure</c> stand for <c>not sure</c> and <c>not-sure</c>;
    /// any other writing is given by <c>[JsonStringEnumMemberName("…")]</c> or <c>[EnumMember(Value = "…")]</c>.
    /// </typeparam>
    /// <param name="student">The student; it stays its owner's.</param>
    /// <exception cref="StepDistillException">The student has no closed set of labels, or labels and members are not one to one: the message says which are left over.</exception>
    public static IStudentClassifier<TLabel> As<[DynamicallyAccessedMembers(EnumLabels.Needs)] TLabel>(this IStudentClassifier student)
        where TLabel : struct, Enum => new TypedStudent<TLabel>(student, EnumLabels.Match<TLabel>(student.Description));
}
