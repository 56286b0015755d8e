using CsCheck;
using StepDistill.Batches;

namespace StepDistill.Tests.Batches;

public sealed class RationaleControlTests
{
    /// <summary>Rows with ids of their own and rationales that often occur in several rows.</summary>
    private static readonly Gen<List<Lesson>> Rows = Gen.Int[0, 30].Select(number => $"text {number} of many").Array[0, 3].List[2, 40]
        .Select(rows => rows.Select((texts, row) => new Lesson($"row {row}", "input", $"label {row}", texts, row)).ToList());

    [Fact]
    public void No_row_gets_its_own_rationale_nor_one_with_the_same_words()
    {
        var dealt = 0;
        Gen.Select(Rows, Gen.Int).Sample((rows, seed) =>
        {
            if (rows.Count(row => row.Rationales.Count > 0) == 1)
            {
                return;
            }

            var control = RationaleControl.Apply("shuffled-rows", rows, seed);
            Assert.Equal(rows.Select(row => row with { Rationales = [] }), control.Select(row => row with { Rationales = [] }));
            Assert.Equal(Sorted(rows.Select(Joined)), Sorted(control.Select(Joined)));
            Assert.All(rows.Zip(control), pair => Assert.Equal(pair.First.Rationales.Count == 0, pair.Second.Rationales.Count == 0));
            Assert.All(rows.Zip(control), pair => Assert.True(
                pair.First.Rationales.Count == 0 || !ReferenceEquals(pair.First.Rationales, pair.Second.Rationales)));
            if (LargestGroup(rows) * 2 <= rows.Count(row => row.Rationales.Count > 0))
            {
                dealt++;
                Assert.All(rows.Zip(control), pair => Assert.Empty(pair.First.Rationales.Intersect(pair.Second.Rationales)));
            }
        }, threads: 1);
        Assert.NotEqual(0, dealt);
    }

    [Fact]
    public void Rows_with_different_rationales_all_get_another_ones()
    {
        var rows = Enumerable.Range(0, 500).Select(row => new Lesson($"{row}", "input", "label", [$"because of {row}"])).ToList();
        var control = RationaleControl.Apply("shuffled-rows", rows, 1);
        Assert.All(rows.Zip(control), pair => Assert.NotEqual(pair.First.Rationales, pair.Second.Rationales));

        var backwards = Enumerable.Reverse(rows).ToList();
        Assert.Equal(control.Select(Joined), Enumerable.Reverse(RationaleControl.Apply("shuffled-rows", backwards, 1)).Select(Joined));
        Assert.NotEqual(control.Select(Joined), RationaleControl.Apply("shuffled-rows", rows, 2).Select(Joined));
    }

    [Fact]
    public void Words_change_their_order_and_nothing_else() => Gen.Select(Rows, Gen.Int).Sample((rows, seed) =>
    {
        var control = RationaleControl.Apply("shuffled-words", rows, seed);
        Assert.Equal(control.Select(Joined), RationaleControl.Apply("shuffled-words", rows, seed).Select(Joined));
        foreach (var (before, after) in rows.Zip(control).SelectMany(pair => pair.First.Rationales.Zip(pair.Second.Rationales)))
        {
            Assert.NotEqual(before, after);
            Assert.Equal(before.Split(' ').Order(), after.Split(' ').Order());
        }
    });

    [Theory]
    [InlineData("word", "word")]
    [InlineData("no no no", "no no no")]
    [InlineData("one two", "two one")]
    public void Few_words_are_shuffled_as_far_as_they_can_be(string text, string shuffled) => Assert.Equal(
        [shuffled], RationaleControl.Apply("shuffled-words", [new("1", "input", "label", [text])], 0)[0].Rationales);

    [Fact]
    public void Nothing_happens_unless_told_and_one_row_cannot_be_dealt_out()
    {
        var rows = new List<Lesson> { new("7", "input", "label", ["one two"]), new("8", "input", "label", []) };
        Assert.Same(rows, RationaleControl.Apply("none", rows, 0));
        Assert.Contains("only the row 7", Assert.Throws<StepDistillException>(
            () => RationaleControl.Apply("shuffled-rows", rows, 0)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => RationaleControl.Apply("shuffled", rows, 0));
    }

    private static string Joined(Lesson lesson) => string.Join('|', lesson.Rationales);

    private static IEnumerable<string> Sorted(IEnumerable<string> texts) => texts.Order(StringComparer.Ordinal);

    /// <summary>The most rows that are joined by texts in common, found by merging sets until none is left to merge.</summary>
    private static int LargestGroup(List<Lesson> rows)
    {
        var groups = new List<(int Rows, HashSet<string> Texts)>();
        foreach (var row in rows.Where(row => row.Rationales.Count > 0))
        {
            var joined = groups.Where(group => group.Texts.Overlaps(row.Rationales)).ToList();
            groups.RemoveAll(joined.Contains);
            groups.Add((joined.Sum(group => group.Rows) + 1, [.. joined.SelectMany(group => group.Texts), .. row.Rationales]));
        }

        return groups.Select(group => group.Rows).DefaultIfEmpty().Max();
    }
}
