using Microsoft.Extensions.Time.Testing;
using StepDistill.Serving.Batching;

namespace StepDistill.Serving.Tests.Batching;

public sealed class ReturnsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Clients_come_back_one_after_the_other_as_fast_as_they_are_answered()
    {
        var clock = new FakeTimeProvider();
        var returns = new Returns(clock);

        Assert.Equal([1, 3, 5], Enumerable.Range(0, 3).Select(_ => returns.Next(Second, 2 * Second).TotalSeconds));
        clock.Advance(4 * Second);
        Assert.Equal(3, returns.Next(Second, 2 * Second).TotalSeconds);
        clock.Advance(60 * Second);
        Assert.Equal(1, returns.Next(Second, 2 * Second).TotalSeconds);     // what was promised long ago binds nobody
    }

    [Fact]
    public void Nobody_is_told_to_come_back_later_than_the_longest_time()
    {
        var returns = new Returns(new FakeTimeProvider());

        for (var i = 0; i < 1000; i++)
        {
            Assert.InRange(returns.Next(Second, Second), Second, Returns.Longest);
        }
    }
}
