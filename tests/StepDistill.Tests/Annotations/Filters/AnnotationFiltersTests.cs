using CsCheck;
using StepDistill.Annotations;
using StepDistill.Annotations.Filters;
using StepDistill.Tasks;

namespace StepDistill.Tests.Annotations.Filters;

public sealed class AnnotationFiltersTests
{
    private static readonly TaskSpec Mood = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private static readonly Example Row = new() { Id = "1", Input = "The sun shines over the old harbour.", Label = "good" };

    private static readonly Annotation Answer = new()
    {
        Key = "k", ExampleId = "1", Teacher = "t", Status = AnnotationStatus.Ok, Reply = "", Label = "good", Rationale = "Sunny days please people.",
    };

    [Theory]
    [InlineData("correct", "bad", "Sunny days please people.", "the teacher's label is wrong")]
    [InlineData("correct", "good", null, null)]
    [InlineData("rationale", "good", null, "the teacher gave no rationale")]
    [InlineData("rationale", "bad", "x", null)]
    [InlineData("no-copy", "good", "The sun shines, over the OLD harbour!", "the rationale is a part of the input")]
    [InlineData("no-copy", "good", "the old harbour", "the rationale is a part of the input")]
    [InlineData("no-copy", "good", "The sun shines over the old harbour, so boats go out.", null)]
    [InlineData("no-copy", "good", "So the answer is: Good.", "the rationale is the label alone")]
    [InlineData("no-copy", "good", "It feels good.", null)]
    [InlineData("no-copy", "good", null, null)]
    [InlineData("length", "good", "Too short.", "the rationale has fewer than 3 words")]
    [InlineData("length", "good", null, "the rationale has fewer than 3 words")]
    [InlineData("length", "good", "one two three four five six", "the rationale has more than 5 words")]
    [InlineData("length", "good", "one two three four five", null)]
    [InlineData("language", "good", "Солнечные дни радуют людей.", "the rationale is written in another script than the input")]
    [InlineData("language", "good", "Sonnige Tage freuen die Leute.", null)]
    public void Each_filter_drops_what_it_says(string filter, string label, string? rationale, string? reason)
    {
        var filters = new AnnotationFilters(Mood, [filter], new() { Min = 3, Max = 5 });

        Assert.Equal(reason, filters.Fault(Row, Answer with { Label = label, Rationale = rationale }));
        Assert.Equal(reason is null ? [] : [new FilterCount(filter, reason, 1)], filters.Dropped);
    }

    [Fact]
    public void The_first_answer_stays_and_those_like_it_go()
    {
        var filters = new AnnotationFilters(Mood, ["distinct"]);

        Assert.Null(filters.Fault(Row, Answer));
        Assert.Equal("the rationale is nearly that of an earlier answer", filters.Fault(Row, Answer with { Rationale = "sunny days, please people" }));
        Assert.Null(filters.Fault(Row, Answer with { Rationale = "Rain would keep everybody at home." }));
        Assert.Equal(1, Assert.Single(filters.Dropped).Answers);
    }

    [Fact]
    public void What_another_filter_drops_is_not_remembered_as_an_earlier_answer()
    {
        var filters = new AnnotationFilters(Mood, ["distinct", "correct"]);

        Assert.NotNull(filters.Fault(Row, Answer with { Label = "bad" }));
        Assert.Null(filters.Fault(Row, Answer));
    }

    [Fact]
    public void An_answer_is_counted_once_by_the_first_filter_in_their_own_order()
    {
        var filters = new AnnotationFilters(Mood, ["length", "rationale", "correct"], new() { Min = 9 });

        filters.Fault(Row, Answer with { Label = "bad", Rationale = null });
        filters.Fault(Row, Answer with { Rationale = null });
        filters.Fault(Row, Answer);
        filters.Fault(Row, Answer with { Status = AnnotationStatus.Refused, Label = null });
        filters.Fault(Row with { Label = null }, Answer);

        Assert.Equal(
            [
                ("readable", "the teacher refused", 1), ("correct", "the teacher's label is wrong", 1),
                ("correct", "there is no gold label to check the teacher's by", 1), ("rationale", "the teacher gave no rationale", 1),
                ("length", "the rationale has fewer than 9 words", 1),
            ],
            filters.Dropped.Select(one => (one.Filter, one.Reason, (int)one.Answers)));
    }

    [Fact]
    public void An_unknown_filter_is_refused_with_the_known_ones()
    {
        var e = Assert.Throws<ArgumentException>(() => new AnnotationFilters(Mood, ["readable", "short"]));

        Assert.StartsWith("keep has 'short'; a filter must be readable, correct, rationale, no-copy, length, language, distinct.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_answer_is_kept_or_counted_and_the_same_rows_give_the_same_counts()
    {
        var text = Gen.OneOf(Gen.Const((string?)null), Gen.String[Gen.Char["ab да。今 "], 0, 12].Select(one => (string?)one));
        var answers = Gen.Select(text, text, Gen.Bool).Select((input, rationale, right) =>
            (Row with { Input = input }, Answer with { Rationale = rationale, Label = right ? "good" : "bad" })).List[0, 30];
        var names = Gen.Int[0, AnnotationFilters.Names.Count - 1].Select(i => AnnotationFilters.Names[i]).List[0, 4];
        Gen.Select(names, answers).Sample((keep, rows) =>
        {
            var (one, other) = (new AnnotationFilters(Mood, keep), new AnnotationFilters(Mood, [.. keep.AsEnumerable().Reverse()]));
            var kept = rows.Count(row => one.Fault(row.Item1, row.Item2) is null);
            rows.ForEach(row => other.Fault(row.Item1, row.Item2));
            return kept + one.Dropped.Sum(drop => drop.Answers) == rows.Count && one.Dropped.SequenceEqual(other.Dropped);
        }, iter: 500);
    }
}
