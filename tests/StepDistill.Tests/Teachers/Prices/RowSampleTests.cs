using StepDistill.Tasks;
using StepDistill.Teachers.Prices;

namespace StepDistill.Tests.Teachers.Prices;

public sealed class RowSampleTests
{
    [Fact]
    public void Every_row_is_drawn_as_often_as_any_other()
    {
        const int Rounds = 3000;
        var drawn = new int[20];
        for (var seed = 0; seed < Rounds; seed++)
        {
            foreach (var row in Draw(5, 20, seed))
            {
                drawn[row]++;
            }
        }

        // A quarter of the rounds each; four standard errors are 95.
        Assert.All(drawn, count => Assert.InRange(count, (Rounds / 4) - 95, (Rounds / 4) + 95));
    }

    [Fact]
    public void No_row_is_drawn_twice_and_the_seed_decides()
    {
        Assert.Equal(50, Draw(50, 1000, 1).Distinct().Count());
        Assert.Equal(Draw(50, 1000, 1), Draw(50, 1000, 1));
        Assert.NotEqual(Draw(50, 1000, 1), Draw(50, 1000, 2));
        Assert.Equal([0, 1, 2], Draw(50, 3, 1));
    }

    private static List<int> Draw(int size, int rows, int seed)
    {
        var sample = new RowSample(size, seed);
        for (var row = 0; row < rows; row++)
        {
            sample.Add(new Example { Id = $"{row}", Input = "" });
        }

        return [.. sample.Rows.Select(row => int.Parse(row.Id, System.Globalization.CultureInfo.InvariantCulture))];
    }
}
