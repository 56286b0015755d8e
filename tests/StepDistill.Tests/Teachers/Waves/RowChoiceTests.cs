using CsCheck;
using StepDistill.Teachers.Waves;

namespace StepDistill.Tests.Teachers.Waves;

public sealed class RowChoiceTests
{
    [Fact]
    public void The_student_is_asked_what_it_is_least_sure_of()
    {
        var pool = Enumerable.Range(0, 100).Select(i => new Candidate($"{i:00}", $"word{i}", i / 100.0)).ToList();
        Assert.Equal(["00", "01", "02"], RowChoice.Uncertain(pool, 3));     // no two have a word in common
    }

    [Fact]
    public void Rows_that_say_the_same_are_not_all_asked()
    {
        Candidate[] pool =
        [
            new("a", "The cat sleeps on the mat.", 0.1), new("b", "The cat sleeps on the mat!", 0.11), new("c", "the cat sleeps on a mat", 0.12),
            new("d", "Two ships sail north.", 0.3),
        ];
        Assert.Equal(["a", "d"], RowChoice.Uncertain(pool, 2));
    }

    [Fact]
    public void Every_choice_is_of_different_rows_and_as_many_as_there_are() =>
        Gen.Select(Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 0, 12], Gen.Double[0, 1]).Array[0, 40], Gen.Int[1, 50]).Sample((rows, count) =>
        {
            var pool = rows.Select((row, i) => new Candidate($"{i}", row.Item1, row.Item2)).ToList();
            var chosen = RowChoice.Uncertain(pool, count);
            Assert.Equal(Math.Min(count, pool.Count), chosen.Distinct().Count());
            Assert.Equal(chosen.Count, chosen.Distinct().Count());
            Assert.Equal(chosen, RowChoice.Uncertain([.. pool.AsEnumerable().Reverse()], count));       // whatever the order
        });

    [Fact]
    public void A_place_depends_on_id_and_seed_only()
    {
        Assert.Equal(RowChoice.Place("a", 1), RowChoice.Place("a", 1));
        Assert.NotEqual(RowChoice.Place("a", 1), RowChoice.Place("a", 2));
        Assert.NotEqual(RowChoice.Place("a", 1), RowChoice.Place("b", 1));
    }
}
