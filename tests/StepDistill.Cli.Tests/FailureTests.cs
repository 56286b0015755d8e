using StepDistill.Recipes;

namespace StepDistill.Cli.Tests;

public sealed class FailureTests
{
    [Fact]
    public void A_recipe_that_cannot_be_used_is_wrong_usage() =>
        Assert.Equal(ExitCode.WrongUsage, Failure.Of(new RecipeException("r.jsonc", ["x"]), stopped: false).Code);

    [Fact]
    public void What_the_user_can_set_right_is_told_as_it_is() => Assert.Equal(
        new Failure("The file is torn.", ExitCode.Failure),
        Failure.Of(new StepDistillException("The file is torn."), stopped: false));

    [Fact]
    public void A_full_disk_is_called_that()
    {
        var full = Failure.Of(new IOException("No space left on device : '/data/x'", 28), stopped: false);

        Assert.Equal(ExitCode.Failure, full.Code);
        Assert.StartsWith("The disk is full: No space left on device : '/data/x'.", full.Message, StringComparison.Ordinal);
        Assert.Contains("run the same command again", full.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stopping_is_not_failing()
    {
        Assert.Equal(ExitCode.Stopped, Failure.Of(new OperationCanceledException(), stopped: true).Code);
        Assert.Equal(ExitCode.Failure, Failure.Of(new TaskCanceledException("timeout"), stopped: false).Code);
    }

    [Fact]
    public void A_fault_of_ours_is_one_line_and_says_so()
    {
        var failure = Failure.Of(new InvalidOperationException("Sequence contains no elements\nat X"), stopped: false);

        Assert.Equal(ExitCode.Failure, failure.Code);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.Contains("InvalidOperationException: Sequence contains no elements", failure.Message, StringComparison.Ordinal);
        Assert.Contains("STEPDISTILL_TRACE=1", failure.Message, StringComparison.Ordinal);
    }
}
