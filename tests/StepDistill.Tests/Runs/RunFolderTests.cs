using StepDistill.Recipes;
using StepDistill.Runs;

namespace StepDistill.Tests.Runs;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _files = new();
    private readonly RunFolder _folder;

    public RunFolderTests() => _folder = new(_files["run"]);

    public void Dispose() => _files.Dispose();

    [Fact]
    public void The_resolved_recipe_lies_in_the_folder_and_reads_back_the_same()
    {
        _folder.Claim(SampleRecipe.Birds, SampleRecipe.Data);

        Assert.Equal(SampleRecipe.Birds.ToJson(), RecipeReader.ReadFile(_folder.Recipe).ToJson());
    }

    [Fact]
    public void The_same_run_may_claim_its_folder_again()
    {
        var first = _folder.Claim(SampleRecipe.Birds, SampleRecipe.Data);
        File.WriteAllText(_folder.Events, "");

        Assert.Equal(first.Hash, _folder.Claim(SampleRecipe.Birds, SampleRecipe.Data).Hash);
        Assert.Equal(first.Hash, _folder.ReadIdentity()!.Hash);
    }

    [Fact]
    public void Another_run_is_refused_with_what_differs_and_changes_nothing()
    {
        _folder.Claim(SampleRecipe.Birds, SampleRecipe.Data);
        var before = File.ReadAllText(_folder.Identity) + File.ReadAllText(_folder.Recipe);
        var other = SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { Alpha = 0.25, Lambda = 2 } };
        var data = new Dictionary<string, string>(SampleRecipe.Data) { ["train"] = new('c', 64) };

        var fault = Assert.Throws<StepDistillException>(() => _folder.Claim(other, data));

        Assert.Equal(
            $"""
            The folder {_folder.Root} already holds another run, and nothing in it was changed. What differs:
              - data.train is aaaaaaaaaaaa… there and cccccccccccc… here
              - training.alpha is 0.5 there and 0.25 here
              - training.lambda is not set there and 2 here
            To keep both, give this recipe another name (--set name=NAME); to start over, delete or rename the folder.
            """,
            fault.Message.ReplaceLineEndings("\n"));
        Assert.Equal(before, File.ReadAllText(_folder.Identity) + File.ReadAllText(_folder.Recipe));
    }

    [Fact]
    public void A_run_that_left_its_precision_to_the_machine_may_go_on_in_a_named_one()
    {
        var named = SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { Precision = "bfloat16" } };
        _folder.Claim(SampleRecipe.Birds, SampleRecipe.Data);

        _folder.Claim(named, SampleRecipe.Data);
        _folder.Claim(SampleRecipe.Birds, SampleRecipe.Data);
        var fault = Assert.Throws<StepDistillException>(() => _folder.Claim(
            named with { Training = named.Training with { Alpha = 0.25 } }, SampleRecipe.Data));

        Assert.DoesNotContain("precision", fault.Message, StringComparison.Ordinal);
        Assert.Contains("training.alpha", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_named_its_precision_does_not_go_on_in_another()
    {
        _folder.Claim(SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { Precision = "float32" } }, SampleRecipe.Data);

        foreach (var other in (string[])["auto", "bfloat16"])
        {
            var fault = Assert.Throws<StepDistillException>(() => _folder.Claim(
                SampleRecipe.Birds with { Training = SampleRecipe.Birds.Training with { Precision = other } }, SampleRecipe.Data));
            Assert.Contains($"training.precision is \"float32\" there and \"{other}\" here", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_folder_with_something_else_in_it_is_refused()
    {
        Directory.CreateDirectory(_folder.Root);
        File.WriteAllText(Path.Combine(_folder.Root, "thesis.txt"), "years of work");

        var fault = Assert.Throws<StepDistillException>(() => _folder.Claim(SampleRecipe.Birds, SampleRecipe.Data));

        Assert.Contains("thesis.txt", fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Identity));
    }

    [Fact]
    public void What_a_killed_claim_leaves_behind_does_not_stop_the_next()
    {
        Directory.CreateDirectory(_folder.Root);
        File.WriteAllText(_folder.Lock, "");
        File.WriteAllText(_folder.Recipe, "{");
        File.WriteAllText(_folder.Identity + ".12-1.tmp", "{");

        _folder.Claim(SampleRecipe.Birds, SampleRecipe.Data);

        Assert.NotNull(_folder.ReadIdentity());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"hash": 3}""")]
    [InlineData("""{"hash": "x", "settings": null}""")]
    public void A_damaged_identity_is_named(string text)
    {
        _folder.Claim(SampleRecipe.Birds, SampleRecipe.Data);
        File.WriteAllText(_folder.Identity, text);

        var fault = Assert.Throws<StepDistillException>(_folder.ReadIdentity);

        Assert.StartsWith($"{_folder.Identity} is not the identity of a run: ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_is_finished_when_its_manifest_is_there()
    {
        Assert.False(_folder.IsFinished);
        Assert.Null(_folder.ReadManifest());

        _folder.WriteManifest(RunManifestTests.Sample);

        Assert.True(_folder.IsFinished);
        Assert.Equal(RunManifestTests.Sample.BestScore, _folder.ReadManifest()!.BestScore);
    }
}
