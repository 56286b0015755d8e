using StepDistill.Serving.Hosting;

namespace StepDistill.Serving.Tests.Hosting;

public sealed class StudentHostTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_student_lives_until_its_last_holder_lets_go()
    {
        await using var host = new StudentHost();
        var (one, two) = (new FakeStudent(), new FakeStudent { Version = "2" });
        Assert.Null(host.Rent());
        await host.ChangeAsync(one, Stop);
        var (first, second) = (host.Rent()!, host.Rent()!);

        await host.ChangeAsync(two, Stop);
        first.Dispose();
        first.Dispose();        // twice is once
        Assert.False(one.IsDisposed);
        using var third = host.Rent()!;
        Assert.Same(two, third.Student);
        second.Dispose();

        Assert.True(one.IsDisposed);
        Assert.False(two.IsDisposed);
    }

    [Fact]
    public async Task A_student_is_warm_before_it_answers()
    {
        await using var host = new StudentHost();
        FakeStudent? seen = null;
        var cold = true;
        var student = new FakeStudent { Before = (_, _) => cold &= host.Description is null };
        host.Changed += _ => seen = student;

        await host.ChangeAsync(student, Stop);

        Assert.True(cold);
        Assert.Same(student, seen);
        Assert.Contains(student.Batches, batch => batch.Count == 8);
    }

    [Fact]
    public async Task A_student_that_fails_to_warm_up_is_let_go_and_the_one_before_goes_on()
    {
        await using var host = new StudentHost();
        await host.ChangeAsync(new FakeStudent(), Stop);
        var broken = new FakeStudent { Before = (_, _) => throw new StepDistillException("It does not compute.") };

        await Assert.ThrowsAsync<StepDistillException>(() => host.ChangeAsync(broken, Stop));

        Assert.True(broken.IsDisposed);
        Assert.Equal("000000000001", host.Description!.Version);
    }

    [Fact]
    public async Task Renting_while_it_changes_never_gives_a_student_that_has_ended()
    {
        await using var host = new StudentHost(_ => { });
        await host.ChangeAsync(new FakeStudent(), Stop);
        using var enough = new CancellationTokenSource();
        var renting = Enumerable.Range(0, 2).Select(_ => Task.Run(
            () =>
            {
                while (!enough.IsCancellationRequested)
                {
                    using var lease = host.Rent()!;
                    Assert.False(((FakeStudent)lease.Student).IsDisposed);
                }
            },
            Stop)).ToArray();

        for (var i = 0; i < 2000; i++)
        {
            await host.ChangeAsync(new FakeStudent { Version = $"{i}" }, Stop);
        }

        await enough.CancelAsync();
        await Task.WhenAll(renting);
    }
}
