using System.Collections.Frozen;
using System.Runtime.Serialization;
using System.Text.Json.Serialization;
using CsCheck;
using StepDistill.Inference.Typed;
using StepDistill.Tasks;

namespace StepDistill.Inference.Tests.Typed;

public sealed class EnumLabelsTests
{
    private enum Answer
    {
        VeryGood,
        not_sure,
        BAD,
    }

    private enum Written
    {
        [JsonStringEnumMemberName("re-sign")]
        Again,

        [EnumMember(Value = "resign")]
        Leave,

        [JsonStringEnumMemberName("c++")]
        [EnumMember(Value = "never read")]
        Cpp,
    }

    private enum Cases
    {
        US,
        Us,
    }

#pragma warning disable CA1069 // Two members with one value are what is tested.
    private enum Twins
    {
        Good = 1,
        Fine = 1,
        Bad = 2,
    }
#pragma warning restore CA1069

    [Theory]
    [InlineData("very good", "not-sure", "bad")]
    [InlineData("VERY_GOOD", "Not sure", "Bad")]
    [InlineData("veryGood", "notsure", "b-a-d")]
    public void Case_spaces_hyphens_and_underscores_do_not_matter(string good, string unsure, string bad) =>
        Assert.Equal([Answer.VeryGood, Answer.not_sure, Answer.BAD], new[] { good, unsure, bad }.Select(label => Match<Answer>(bad, good, unsure)[label]));

    [Fact]
    public void An_attribute_says_exactly_how_a_label_is_written()
    {
        var map = Match<Written>("c++", "resign", "re-sign");

        Assert.Equal((Written.Again, Written.Leave, Written.Cpp), (map["re-sign"], map["resign"], map["c++"]));
        Assert.Contains(
            "labels without a member: 'C++'; members without a label: Cpp (written 'c++')",
            Assert.Throws<StepDistillException>(() => Match<Written>("C++", "resign", "re-sign")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_the_label_letter_by_letter_goes_before_one_that_only_reads_alike()
    {
        var map = Match<Cases>("Us", "US");

        Assert.Equal((Cases.US, Cases.Us), (map["US"], map["Us"]));
    }

    [Fact]
    public void Where_names_leave_a_choice_none_is_made() => Assert.Contains(
        "labels without a member: 'u-s', 'u s'; members without a label: US, Us",
        Assert.Throws<StepDistillException>(() => Match<Cases>("u-s", "u s")).Message, StringComparison.Ordinal);

    [Fact]
    public void The_message_says_who_is_left_over_on_either_side() => Assert.Equal(
        "The members of the enum Answer and the labels of the student 'mood' (1) are not one to one: labels without a member: 'fair', 'poor'; "
        + "members without a label: not_sure, BAD. Names are compared without case, spaces, hyphens and underscores; where that is not enough, "
        + "write [JsonStringEnumMemberName(\"the label\")] on a member.",
        Assert.Throws<StepDistillException>(() => Match<Answer>("fair", "very good", "poor")).Message);

    [Fact]
    public void Members_with_one_value_cannot_stand_for_two_labels() => Assert.Contains(
        "members with one value: Good, Fine", Assert.Throws<StepDistillException>(() => Match<Twins>("good", "fine", "bad")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_student_without_a_closed_set_of_labels_has_no_enum()
    {
        var error = Assert.Throws<StepDistillException>(() => EnumLabels.Match<Answer>(Student([]) with { Task = "svamp", Answer = AnswerKind.Equation }));

        Assert.Contains("its task 'svamp' has no closed set of labels (an answer is equation)", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Names of members in whatever writing are found again, whatever else is in the set is told by name.</summary>
    [Fact]
    public void Any_writing_of_the_names_is_one_to_one_and_any_change_of_the_set_is_told()
    {
        var names = Enum.GetNames<DayOfWeek>();
        var writing = Gen.Select(Gen.Int[0, 2].Array[9], Gen.Bool.Array[9], Gen.OneOf(" ", "-", "_", ""));
        Gen.Select(writing.Array[names.Length], Gen.Shuffle(Enumerable.Range(0, names.Length).ToArray()), Gen.Int[0, names.Length - 1]).Sample((writings, order, changed) =>
        {
            var labels = names.Select((name, index) => Write(name, writings[index])).ToArray();
            var map = Match<DayOfWeek>([.. order.Select(index => labels[index])]);
            Assert.Equal(names.Length, map.Count);
            Assert.All(labels, (label, index) => Assert.Equal(Enum.Parse<DayOfWeek>(names[index]), map[label]));

            var missing = Assert.Throws<StepDistillException>(() => Match<DayOfWeek>([.. labels.Where((_, index) => index != changed)]));
            Assert.Contains($"members without a label: {names[changed]}.", missing.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("labels without", missing.Message, StringComparison.Ordinal);

            var extra = Assert.Throws<StepDistillException>(() => Match<DayOfWeek>([.. labels, "holiday"]));
            Assert.Contains("labels without a member: 'holiday'.", extra.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("members without", extra.Message, StringComparison.Ordinal);
        });

        static string Write(string name, (int[] Cases, bool[] Breaks, string Separator) how) => string.Concat(name.Select((letter, at) =>
            (at > 0 && how.Breaks[at] ? how.Separator : "") + how.Cases[at] switch
            {
                0 => char.ToUpperInvariant(letter),
                1 => char.ToLowerInvariant(letter),
                _ => letter,
            }));
    }

    private static FrozenDictionary<string, TLabel> Match<TLabel>(params string[] labels) where TLabel : struct, Enum =>
        EnumLabels.Match<TLabel>(Student(labels));

    private static StudentDescription Student(string[] labels) => new("mood", "1", "mood", AnswerKind.Label, labels, 16, false, "float32");
}
