using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using StepDistill.Tasks;

namespace StepDistill.Inference.Typed;

/// <summary>Which member of an enum stands for which label of a student: one for each, or a message that says who is left over.</summary>
/// <remarks>
/// A member with <c>[JsonStringEnumMemberName]</c> or <c>[EnumMember(Value = …)]</c> stands for exactly the label written there.
/// Another one stands for the label that has its name: letter by letter if there is one, else without regard to case, spaces,
/// hyphens and underscores, where that leaves no choice.
/// </remarks>
internal static class EnumLabels
{
    /// <summary>What trimming must leave of an enum: the fields that bear the attributes.</summary>
    public const DynamicallyAccessedMemberTypes Needs = DynamicallyAccessedMemberTypes.PublicFields;

    /// <summary>Finds the member for each label of a student.</summary>
    /// <exception cref="StepDistillException">The student has no closed set of labels, or labels and members are not one to one.</exception>
    public static FrozenDictionary<string, TLabel> Match<[DynamicallyAccessedMembers(Needs)] TLabel>(StudentDescription student)
        where TLabel : struct, Enum
    {
        var who = $"the student '{student.Name}' ({student.Version})";
        if (student.Answer != AnswerKind.Label || student.Labels.Count == 0)
        {
            throw new StepDistillException(
                $"The enum {typeof(TLabel).Name} cannot stand for the labels of {who}: its task '{student.Task}' has no closed set "
                + $"of labels (an answer is {student.Answer.ToString().ToLowerInvariant()}). Use {nameof(IStudentClassifier)}.");
        }

        var all = EnumMember<TLabel>.Of<TLabel>();
        List<string> labels = [.. student.Labels.Distinct(StringComparer.Ordinal)];
        List<EnumMember<TLabel>> members = [.. all];
        var found = new Dictionary<string, TLabel>(StringComparer.Ordinal);
        Take(member => member.Written, label => label);
        Take(member => member.Written is null ? member.Name : null, label => label);
        Take(member => member.Written is null ? Plain(member.Name) : null, Plain);

        List<string> faults =
        [
            .. labels.Count > 0 ? [$"labels without a member: {string.Join(", ", labels.Select(label => $"'{label}'"))}"] : (string[])[],
            .. members.Count > 0 ? [$"members without a label: {string.Join(", ", members.Select(member => member.Told))}"] : (string[])[],
            .. from same in all.GroupBy(member => member.Value)
               where same.Count() > 1
               select $"members with one value: {string.Join(", ", same.Select(member => member.Name))}",
        ];
        return faults.Count == 0 ? found.ToFrozenDictionary(StringComparer.Ordinal) : throw new StepDistillException(
            $"The members of the enum {typeof(TLabel).Name} and the labels of {who} are not one to one: {string.Join("; ", faults)}. "
            + "Names are compared without case, spaces, hyphens and underscores; where that is not enough, write "
            + "[JsonStringEnumMemberName(\"the label\")] on a member.");

        // Pairs what has the same key, and nobody else has it on either side.
        void Take(Func<EnumMember<TLabel>, string?> memberKey, Func<string, string> labelKey)
        {
            var pairs = (
                from label in labels.GroupBy(labelKey, StringComparer.Ordinal)
                join member in members.Where(member => memberKey(member) is not null).GroupBy(member => memberKey(member)!, StringComparer.Ordinal)
                    on label.Key equals member.Key
                where label.Count() == 1 && member.Count() == 1
                select (Label: label.Single(), Member: member.Single())).ToList();
            foreach (var (label, member) in pairs)
            {
                found.Add(label, member.Value);
                labels.Remove(label);
                members.Remove(member);
            }
        }
    }

    private static string Plain(string name) =>
        string.Concat(name.Where(letter => letter is not (' ' or '-' or '_')).Select(char.ToUpperInvariant));
}
