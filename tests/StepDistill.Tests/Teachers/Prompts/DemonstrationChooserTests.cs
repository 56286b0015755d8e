using CsCheck;
using StepDistill.Tasks;
using StepDistill.Teachers.Prompts;

namespace StepDistill.Tests.Teachers.Prompts;

public sealed class DemonstrationChooserTests
{
    private static readonly string[] Inputs =
        ["The dog barks.", "A cat sleeps.", "A dog and a cat play.", "Rain falls.", "The sun shines.", "Snow falls on the dog."];

    [Fact]
    public void Fixed_shows_all_in_order() => Assert.Equal([0, 1, 2, 3, 4, 5], Chooser(new()).For("x"));

    [Fact]
    public void Nearest_shows_the_likest_last()
    {
        var chooser = Chooser(new() { Choice = DemonstrationChoice.Nearest, Shown = 2 });
        Assert.Equal([1, 2], chooser.For("dog and cat"));      // both in 2; cats are rarer than dogs
        Assert.Equal([5, 3], chooser.For("Rain falls!"));
    }

    [Fact]
    public void Where_nothing_is_alike_the_first_are_near_enough() =>
        Assert.Equal([1, 0], Chooser(new() { Choice = DemonstrationChoice.Nearest, Shown = 2 }).For("?"));

    [Fact]
    public void Random_is_the_same_for_the_same_row_and_seed_and_spread_over_all()
    {
        var (one, again, other) = (Random(seed: 1), Random(seed: 1), Random(seed: 2));
        var rows = Enumerable.Range(0, 200).Select(row => $"row {row}").ToList();
        Assert.Equal(rows.Select(row => string.Join(',', one.For(row))), rows.Select(row => string.Join(',', again.For(row))));
        Assert.NotEqual(rows.Select(row => string.Join(',', one.For(row))), rows.Select(row => string.Join(',', other.For(row))));

        // 200 rows of 2 among 6: 67 each on average, with a standard deviation of 6.7.
        var counts = rows.SelectMany(one.For).CountBy(index => index).ToList();
        Assert.Equal(6, counts.Count);
        Assert.All(counts, count => Assert.InRange(count.Value, 40, 94));
    }

    [Fact]
    public void Random_choices_stay_the_same_from_version_to_version() =>
        Assert.Equal("3,1 2,0 2,5 3,5", string.Join(' ', Enumerable.Range(0, 4).Select(row => string.Join(',', Random(seed: 1).For($"row {row}")))));

    [Fact]
    public void One_demonstration_more_changes_only_the_prompts_that_it_gets_into()
    {
        var settings = new PromptSettings { Choice = DemonstrationChoice.Random, Shown = 2 };
        var (few, more) = (Chooser(settings), new DemonstrationChooser([.. Demonstrations(Inputs), .. Demonstrations(["Wind blows."])], settings));
        var changed = 0;
        for (var row = 0; row < 100; row++)
        {
            var (before, after) = (few.For($"row {row}"), more.For($"row {row}"));
            changed += after.Contains(6) ? 1 : 0;
            Assert.True(after.Contains(6) || before.SequenceEqual(after));
        }

        Assert.InRange(changed, 10, 60);        // 2 of 7 on average
    }

    [Fact]
    public void Any_choice_is_of_different_demonstrations_none_of_them_the_rows_own() =>
        Gen.Select(Gen.Enum<DemonstrationChoice>(), Gen.Int[1, 6], Gen.Int, Gen.Int[0, 6]).Sample((choice, shown, seed, own) =>
        {
            var input = own < 6 ? $" {Inputs[own].Replace(" ", "\n", StringComparison.Ordinal)} " : "Where is the dog?";
            var chosen = Chooser(new() { Choice = choice, Shown = shown, Seed = seed }).For(input);
            Assert.Equal(chosen.Count, chosen.Distinct().Count());
            Assert.DoesNotContain(own, chosen);
            var others = own < 6 ? 5 : 6;
            Assert.Equal(choice == DemonstrationChoice.Fixed ? others : Math.Min(shown, others), chosen.Count);
        });

    [Fact]
    public void More_than_there_are_cannot_be_shown() => Assert.Contains(
        "teacher.demonstrations_shown is 7, but the file of demonstrations holds only 6",
        Assert.Throws<StepDistillException>(() => Chooser(new() { Choice = DemonstrationChoice.Nearest, Shown = 7 })).Message,
        StringComparison.Ordinal);

    private static DemonstrationChooser Random(int seed) => Chooser(new() { Choice = DemonstrationChoice.Random, Shown = 2, Seed = seed });

    private static DemonstrationChooser Chooser(PromptSettings settings) => new(Demonstrations(Inputs), settings);

    private static List<Demonstration> Demonstrations(string[] inputs) =>
        [.. inputs.Select(input => new Demonstration(new Example { Id = input, Input = input, Label = "x" }, "r"))];
}
