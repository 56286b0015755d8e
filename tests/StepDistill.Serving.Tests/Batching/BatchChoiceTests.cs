using CsCheck;
using StepDistill.Inference;
using StepDistill.Serving.Batching;

namespace StepDistill.Serving.Tests.Batching;

public sealed class BatchChoiceTests
{
    private static readonly FakeStudent Student = new();

    [Fact]
    public void Rows_of_like_length_go_together()
    {
        var waiting = Line(100, 10, 100, 10, 90, 10, 100, 10);

        Assert.Equal([100, 100, 100, 90], BatchChoice.Choose(waiting, new() { MaxRows = 4 }).Select(row => row.Tokens));
    }

    [Fact]
    public void Where_all_fit_the_order_is_that_of_arrival() =>
        Assert.Equal([3, 9, 1, 7], BatchChoice.Choose(Line(3, 9, 1, 7), new() { MaxRows = 8 }).Select(row => row.Tokens));

    [Fact]
    public void A_row_longer_than_a_batch_goes_alone() =>
        Assert.Equal([500], BatchChoice.Choose(Line(500, 3, 3), new() { MaxTokens = 100 }).Select(row => row.Tokens));

    /// <summary>Each of the rows before the odd one finds its like behind it, so that without a limit it would go sixth.</summary>
    [Fact]
    public void A_row_unlike_all_others_is_passed_over_by_younger_ones_twice_and_no_more()
    {
        var waiting = Line(10, 20, 30, 40, 50, 1000, 10, 10, 20, 20, 30, 30, 40, 40, 50, 50);
        var odd = waiting.First(row => row.Tokens == 1000);
        List<QueuedRow> batch = [];
        var batches = 0;
        for (; !batch.Contains(odd); batches++)
        {
            batch = BatchChoice.Choose(waiting, new() { MaxRows = 3 });
            batch.ForEach(row => waiting.Remove(row));
        }

        Assert.Equal(4, batches);       // the third is of 30, 40 and 50, which are older and were passed over twice as well
    }

    [Fact]
    public void Every_batch_holds_the_oldest_row_and_keeps_the_limits() =>
        Gen.Select(Gen.Int[1, 300].Array[1, 80], Gen.Int[1, 16], Gen.Int[50, 900]).Sample((lengths, rows, tokens) =>
        {
            var (waiting, limits) = (Line(lengths), new BatchLimits { MaxRows = rows, MaxTokens = tokens });
            var (total, passedMost) = (0, 0);
            while (waiting.First?.Value is { } oldest)
            {
                var batch = BatchChoice.Choose(waiting, limits);
                Assert.Contains(oldest, batch);
                Assert.Equal(batch.Count, batch.Distinct().Count());
                Assert.InRange(batch.Count, 1, rows);
                Assert.True(batch.Count == 1 || batch.Max(row => row.Tokens) * batch.Count <= tokens);
                batch.ForEach(row => waiting.Remove(row));
                total += batch.Count;
                passedMost = Math.Max(passedMost, waiting.Select(row => row.Passes).DefaultIfEmpty().Max());
            }

            Assert.Equal(lengths.Length, total);
        });

    private static LinkedList<QueuedRow> Line(params int[] lengths)
    {
        var line = new LinkedList<QueuedRow>();
        foreach (var length in lengths)
        {
            line.AddLast(new RowGroup(Student, [new StudentQuestion("x")], _ => length, 0, long.MaxValue).Rows[0]);
        }

        return line;
    }
}
