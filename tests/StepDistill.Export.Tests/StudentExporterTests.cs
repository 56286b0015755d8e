using Microsoft.ML.OnnxRuntime;
using StepDistill.Inference.Sessions;
using StepDistill.Inference.Verification;

namespace StepDistill.Export.Tests;

public sealed partial class StudentExporterTests
{
    // The reference's own float64 run is half as far away.
    private const double LogitTolerance = 2e-4;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("silu")]
    [InlineData("tied")]
    [InlineData("golden/v1_0")]
    [InlineData("golden/v1_1")]
    public void What_the_reference_program_computed_comes_out(string name)
    {
        using var student = new ReferenceStudent(name);
        student.Export(ExportPrecision.Float32);

        var found = ReferenceComparison.Run(student.Folder, student.Reference, Stop);

        Assert.InRange(found.Logits, 0, LogitTolerance);
        Assert.True(found.Texts.Count >= 2);
        Assert.All(found.Texts, text => Assert.Equal(0, text.Differing));
    }

    [Theory]
    [InlineData("silu")]
    [InlineData("tied")]
    public void The_decoder_in_two_files_says_what_the_one_file_says(string name)
    {
        using var student = new ReferenceStudent(name);
        StudentExporter.Export(student.Student, ExportPrecision.Float32, split: true, Stop);
        var config = student.Student.Config;
        using var encoder = Session(student, "encoder_model.onnx");
        using var merged = Session(student, "decoder_model_merged.onnx");
        using var first = Session(student, "decoder_model.onnx");
        using var later = Session(student, "decoder_with_past_model.onnx");
        using var ids = OrtValue.CreateTensorValueFromMemory(new long[] { 5, 9, 1, 7, 1, 0 }, [2, 3]);
        using var mask = OrtValue.CreateTensorValueFromMemory(new long[] { 1, 1, 1, 1, 1, 0 }, [2, 3]);
        using var options = new RunOptions();
        using var states = encoder.Run(options, ["input_ids", "attention_mask"], [ids, mask], ["last_hidden_state"]);
        using var tokens = OrtValue.CreateTensorValueFromMemory(new long[] { 0, 0 }, [2, 1]);
        using var next = OrtValue.CreateTensorValueFromMemory(new long[] { 4, 6 }, [2, 1]);
        using var no = OrtValue.CreateTensorValueFromMemory(new[] { false }, [1]);
        using var yes = OrtValue.CreateTensorValueFromMemory(new[] { true }, [1]);

        // Whoever begins may hand over memories of any length and width: optimum gives one token of D / H numbers.
        using var stale = OrtValue.CreateTensorValueFromMemory(
            new float[2 * config.Heads * (config.Width / config.Heads)], [2, config.Heads, 1, config.Width / config.Heads]);
        string[] pasts = [.. merged.InputNames.Where(name => name.StartsWith("past", StringComparison.Ordinal))];
        string[] presents = [.. pasts.Select(name => name.Replace("past_key_values", "present", StringComparison.Ordinal))];
        using var begun = merged.Run(
            options,
            ["encoder_attention_mask", "input_ids", "encoder_hidden_states", .. pasts, "use_cache_branch"],
            [mask, tokens, states[0], .. pasts.Select(_ => stale), no],
            ["logits", .. presents]);
        using var begunApart = first.Run(
            options, ["encoder_attention_mask", "input_ids", "encoder_hidden_states"], [mask, tokens, states[0]], ["logits", .. presents]);
        using var gone = merged.Run(
            options,
            ["encoder_attention_mask", "input_ids", "encoder_hidden_states", .. pasts, "use_cache_branch"],
            [mask, next, states[0], .. begun.Skip(1), yes],
            ["logits", .. presents]);
        using var goneApart = later.Run(
            options, ["encoder_attention_mask", "input_ids", .. pasts], [mask, next, .. begunApart.Skip(1)],
            ["logits", .. presents.Where(name => name.Contains("decoder", StringComparison.Ordinal))]);

        Assert.Equal(Numbers(begun[0]), Numbers(begunApart[0]));
        Assert.Equal(Numbers(gone[0]), Numbers(goneApart[0]));
        Assert.NotEqual(Numbers(begun[0]), Numbers(gone[0]));
        Assert.Equal(
            [2, config.Heads, 2, config.HeadWidth],
            gone[Array.IndexOf(presents, "present.0.decoder.key") + 1].GetTensorTypeAndShape().Shape);
        Assert.Equal(0, gone[Array.IndexOf(presents, "present.0.encoder.key") + 1].GetTensorTypeAndShape().Shape[0]);
    }

    [Fact]
    public void Names_and_their_order_are_those_that_other_programs_ask_for()
    {
        using var student = new ReferenceStudent("tied");
        StudentExporter.Export(student.Student, ExportPrecision.Float32, split: true, Stop);
        using var encoder = Session(student, "encoder_model.onnx");
        using var merged = Session(student, "decoder_model_merged.onnx");

        Assert.Equal(["input_ids", "attention_mask"], encoder.InputNames);
        Assert.Equal(["last_hidden_state"], encoder.OutputNames);
        Assert.Equal(
            [
                "encoder_attention_mask", "input_ids", "encoder_hidden_states", "past_key_values.0.decoder.key", "past_key_values.0.decoder.value",
                "past_key_values.0.encoder.key", "past_key_values.0.encoder.value", "use_cache_branch",
            ],
            merged.InputNames);
        Assert.Equal(
            ["logits", "present.0.decoder.key", "present.0.decoder.value", "present.0.encoder.key", "present.0.encoder.value"], merged.OutputNames);
        Assert.Equal([-1, 2, -1, -1], merged.InputMetadata["past_key_values.0.decoder.key"].Dimensions);
    }

    [Fact]
    public void The_same_student_gives_the_same_bytes()
    {
        using var student = new ReferenceStudent("silu");
        var once = Bytes();
        var twice = Bytes();

        Assert.Equal(once, twice);

        List<byte[]> Bytes() =>
            [.. Enum.GetValues<ExportPrecision>().SelectMany(precision => StudentExporter.Export(student.Student, precision, cancellation: Stop))
                .Select(file => File.ReadAllBytes(Path.Combine(student.Folder, file)))];
    }

    [Fact]
    public void Weights_of_another_network_are_refused_by_name()
    {
        using var student = new ReferenceStudent("tied");
        var config = Path.Combine(student.Folder, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"d_ff\": 10", "\"d_ff\": 11", StringComparison.Ordinal));

        var fault = Assert.Throws<StepDistillException>(() => student.Export(ExportPrecision.Float32));

        Assert.Contains("'encoder.block.0.layer.1.DenseReluDense.wo.weight' as [14, 10]", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("silu")]
    [InlineData("tied")]
    public void Labels_scored_as_a_tree_have_the_probability_that_they_have_one_by_one(string name)
    {
        using var student = new ReferenceStudent(name);
        student.Export(ExportPrecision.Float32);
        using var sessions = new StudentSessions(student.Folder, student.Student.Config, StudentPrecision.Parse("float32"), 1);
        int[][] labels = [[5, 7, 1], [5, 7, 9, 1], [5, 1], [11, 3, 4, 8, 1], [1], [5, 7, 1]];
        using var encoded = sessions.Encode([[3, 8, 9, 1], [17, 4, 1]]);
        var trie = new Inference.Labels.LabelTrie(sessions.Config.StartId, labels);
        var (tokens, offsets) = (new long[2 * trie.Count], new long[trie.Count * trie.Count]);
        trie.WriteTokens(tokens.AsSpan(0, trie.Count));
        trie.WriteTokens(tokens.AsSpan(trie.Count));
        trie.WriteOffsets(offsets, trie.Count);
        using var logits = sessions.Score(encoded, tokens, offsets, trie.Count);
        var vocabulary = sessions.Config.VocabularySize;
        for (var row = 0; row < 2; row++)
        {
            var scores = new double[labels.Length];
            trie.Score(logits.GetTensorDataAsSpan<float>().Slice(row * trie.Count * vocabulary, trie.Count * vocabulary), vocabulary, scores);
            Assert.All(labels.Zip(scores), pair => Assert.Equal(OneByOne(sessions, encoded, row, pair.First), pair.Second, 1e-4));
            Assert.Equal(scores[0], scores[5]);
        }

        Assert.Equal(8, trie.Count);
    }

    private static double OneByOne(StudentSessions sessions, Encoded encoded, int row, int[] label)
    {
        long[] read = [sessions.Config.StartId, .. label.SkipLast(1)];
        using var logits = sessions.Score(encoded, [.. read, .. read], new long[read.Length * read.Length], read.Length);
        var vocabulary = sessions.Config.VocabularySize;
        var sum = 0.0;
        for (var i = 0; i < label.Length; i++)
        {
            var scores = logits.GetTensorDataAsSpan<float>().Slice(((row * read.Length) + i) * vocabulary, vocabulary);
            sum += scores[label[i]] - LogSum.Of(scores);
        }

        return sum;
    }

    private static InferenceSession Session(ReferenceStudent student, string file) => new(Path.Combine(student.Folder, "onnx", file));

    private static float[] Numbers(OrtValue value) => value.GetTensorDataAsSpan<float>().ToArray();
}
