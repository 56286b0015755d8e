using System.Text.Json.Nodes;
using StepDistill.Students;
using StepDistill.Tests.Runs;
using StepDistill.Tests.Tokenizers;

namespace StepDistill.Tests.Students;

public sealed class StudentFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_sealed_student_is_opened_with_all_that_was_said_of_it()
    {
        SampleStudent.Write(folder.Path);
        var made = StudentFolder.Seal(folder.Path, SampleStudent.Manifest);

        var opened = StudentFolder.Open(folder.Path, verify: true);

        Assert.Equal(SampleStudent.Config, opened.Config);
        Assert.Equivalent(made.Manifest, opened.Manifest, strict: true);
        Assert.Equivalent(SampleStudent.Manifest with { Files = made.Manifest!.Files }, opened.Manifest, strict: true);
        Assert.Equal(TinyVocabulary.Tokenizer().VocabularySize, opened.LoadTokenizer().VocabularySize);
        using var weights = opened.OpenWeights();
        Assert.Equal("shared.weight", Assert.Single(weights.Tensors).Name);
    }

    [Fact]
    public void The_manifest_lists_every_file_but_itself()
    {
        SampleStudent.Write(folder.Path);
        Directory.CreateDirectory(folder["onnx"]);
        File.WriteAllText(folder["onnx/encoder.onnx"], "graph");

        var files = StudentFolder.Seal(folder.Path, SampleStudent.Manifest).Manifest!.Files.Keys;

        string[] expected = ["README.md", "config.json", "generation_config.json", "model.safetensors", "onnx/encoder.onnx", "spiece.model"];
        Assert.Superset(expected.ToHashSet(), files.ToHashSet());
        Assert.DoesNotContain("stepdistill.json", files);
        Assert.Contains("- onnx\n", File.ReadAllText(folder["README.md"]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_student_gives_the_same_manifest()
    {
        SampleStudent.Write(folder.Path);
        StudentFolder.Seal(folder.Path, SampleStudent.Manifest);
        var first = File.ReadAllText(folder["stepdistill.json"]);
        StudentFolder.Seal(folder.Path, SampleStudent.Manifest);

        Assert.Equal(first, File.ReadAllText(folder["stepdistill.json"]));
    }

    [Fact]
    public void Verifying_names_every_file_that_differs_or_is_missing()
    {
        SampleStudent.Write(folder.Path);
        StudentFolder.Seal(folder.Path, SampleStudent.Manifest);
        File.AppendAllText(folder["model.safetensors"], "x");
        File.Delete(folder["spiece.model"]);

        var error = Assert.Throws<StepDistillException>(() => StudentFolder.Open(folder.Path, verify: true));

        Assert.Contains("model.safetensors has the SHA-256", error.Message, StringComparison.Ordinal);
        Assert.Contains("spiece.model is missing", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("config.json", error.Message, StringComparison.Ordinal);
        StudentFolder.Open(folder.Path);
    }

    [Theory]
    [InlineData("../outside.txt")]
    [InlineData("/etc/hostname")]
    public void A_manifest_cannot_point_outside(string name)
    {
        SampleStudent.Write(folder.Path);
        StudentFolder.Seal(folder.Path, SampleStudent.Manifest);
        var manifest = JsonNode.Parse(File.ReadAllText(folder["stepdistill.json"]))!;
        manifest["files"]![name] = new string('0', 64);
        File.WriteAllText(folder["stepdistill.json"], manifest.ToJsonString());

        Assert.Contains(
            "lies outside of the folder",
            Assert.Throws<StepDistillException>(() => StudentFolder.Open(folder.Path, verify: true)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"format": 2}""", "newer stepdistill")]
    [InlineData("""{"format": 1}""", "not a student's manifest")]
    [InlineData("""{"format": "x"}""", "not a student's manifest")]
    [InlineData("""[]""", "not a student's manifest")]
    [InlineData("""{"format": 1, """, "not a student's manifest")]
    [InlineData("", "not a student's manifest")]
    public void A_wrong_manifest_is_called_that(string manifest, string said)
    {
        SampleStudent.Write(folder.Path);
        File.WriteAllText(folder["stepdistill.json"], manifest);

        var error = Assert.Throws<StepDistillException>(() => StudentFolder.Open(folder.Path));

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Contains("stepdistill.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_manifest_is_plain_weights_and_cannot_be_verified()
    {
        SampleStudent.Write(folder.Path);

        Assert.Null(StudentFolder.Open(folder.Path).Manifest);
        Assert.Contains(
            "cannot be verified", Assert.Throws<StepDistillException>(() => StudentFolder.Open(folder.Path, verify: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_student_begun_anew_is_none_until_it_is_sealed()
    {
        SampleStudent.Write(folder.Path);
        StudentFolder.Seal(folder.Path, SampleStudent.Manifest);
        StudentFolder.Begin(folder.Path);

        Assert.False(File.Exists(folder["stepdistill.json"]));
    }

    [Fact]
    public void A_folder_that_is_not_there_or_is_empty_is_no_student()
    {
        Assert.Contains("no student at", Assert.Throws<StepDistillException>(() => StudentFolder.Open(folder["none"])).Message, StringComparison.Ordinal);
        Assert.Contains("config.json", Assert.Throws<StepDistillException>(() => StudentFolder.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_student_without_weights_or_tokenizer_cannot_be_sealed()
    {
        SampleStudent.Write(folder.Path);
        File.Delete(folder["model.safetensors"]);

        Assert.Throws<StepDistillException>(() => StudentFolder.Seal(folder.Path, SampleStudent.Manifest));
        Assert.False(File.Exists(folder["stepdistill.json"]));
    }

    [Fact]
    public void A_tokenizer_must_fit_the_weights()
    {
        var tokenizer = TinyVocabulary.Tokenizer();
        var config = SampleStudent.Config with { VocabularySize = tokenizer.VocabularySize };
        StudentFolder.CheckFit(tokenizer, config, "here");

        void Misfit(T5Config other, string said) => Assert.Contains(
            said, Assert.Throws<StepDistillException>(() => StudentFolder.CheckFit(tokenizer, other, "here")).Message, StringComparison.Ordinal);
        Misfit(config with { VocabularySize = config.VocabularySize - 1 }, $"it gives {tokenizer.VocabularySize} ids");
        Misfit(config with { PadId = 5 }, "its padding has the id 0, and the weights' 5");
        Misfit(config with { EndId = 5 }, "its end mark has the id 1, and the weights' 5");
    }

    [Fact]
    public void A_folder_with_another_student_s_tokenizer_says_so()
    {
        SampleStudent.Write(folder.Path);
        T5ConfigFile.Write(folder.Path, SampleStudent.Config with { VocabularySize = 50 });

        var error = Assert.Throws<StepDistillException>(() => StudentFolder.Open(folder.Path).LoadTokenizer());

        Assert.Contains("does not fit the weights", error.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
    }
}
