namespace StepDistill.Training.Tests.Checkpoints;

public sealed partial class CheckpointFolderTests
{
    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("optimizer.safetensors")]
    [InlineData("state.json")]
    public void A_checkpoint_that_was_cut_short_is_passed_over_for_an_older_one(string file)
    {
        using var training = new TinyTraining();
        training.Run(stopAfter: 7);
        var path = Path.Combine(training.Folder, "checkpoint-7", file);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);

        training.Events.Clear();
        var (_, state) = training.Run();

        Assert.Equal(12, state!.Step);
        Assert.Equal(7, training.Events[0].Step);       // the first step after checkpoint-6
        Assert.Contains("checkpoint-7", Assert.Single(training.Damages), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_without_its_state_or_under_its_unfinished_name_does_not_exist()
    {
        using var training = new TinyTraining();
        training.Run(stopAfter: 2);
        Directory.Move(Path.Combine(training.Folder, "checkpoint-2"), Path.Combine(training.Folder, "checkpoint-2.tmp"));

        training.Events.Clear();
        training.Run();

        Assert.Equal(1, training.Events[0].Step);
        Assert.Empty(training.Damages);
    }

    [Fact]
    public void Without_a_whole_checkpoint_the_message_says_what_to_do()
    {
        using var training = new TinyTraining();
        training.Run(stopAfter: 2);
        File.WriteAllText(Path.Combine(training.Folder, "checkpoint-2", "model.safetensors"), "nothing");

        var fault = Assert.Throws<StepDistillException>(() => training.Run());

        Assert.Contains("its content does not match its checksum", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Delete the run's folder to train from the beginning.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named_and_earlier_checkpoints_stay()
    {
        using var training = new TinyTraining();
        training.Run(stopAfter: 3);
        File.WriteAllText(Path.Combine(training.Folder, "checkpoint-6.tmp"), "in the way");     // a folder cannot be made here

        var fault = Assert.Throws<StepDistillException>(() => training.Run());

        Assert.Contains("The checkpoint of step 6 could not be written", fault.Message, StringComparison.Ordinal);
        Assert.Contains("checkpoint-3", training.Checkpoints());
    }
}
