using System.Diagnostics;
using System.Text.Json;
using StepDistill.Batches;
using StepDistill.Inference.Sessions;

namespace StepDistill.Export.Tests;

/// <summary>The same folder in JavaScript.</summary>
public sealed partial class StudentExporterTests
{
    private const int NewTokens = 12;

    [Theory]
    [InlineData("golden/v1_0", "fp32", "float32")]
    [InlineData("golden/v1_1", "fp32", "float32")]
    [InlineData("golden/e2e_cqa", "fp32", "float32")]
    [InlineData("golden/v1_1", "q8", "int8")]
    public async Task Transformers_js_reads_and_writes_the_same_tokens_for_500_questions(string name, string dtype, string precision)
    {
        var modules = Modules();
        using var student = new ReferenceStudent(name);
        var texts = Questions();
        if (!File.Exists(Path.Combine(student.Folder, "spiece.model")))
        {
            student.TrainTokenizer(texts);
        }

        var tokenizer = student.Student.LoadTokenizer();
        tokenizer.Save(student.Folder);
        student.Export(Enum.Parse<ExportPrecision>(precision, ignoreCase: true));

        var theirs = await InNodeAsync(modules, student.Folder, dtype, texts);

        using var sessions = new StudentSessions(student.Folder, student.Student.Config, StudentPrecision.Parse(precision), 1);
        for (var i = 0; i < texts.Count; i++)
        {
            var ids = PairEncoder.Encode(tokenizer, texts[i], int.MaxValue);
            using var encoded = sessions.Encode([ids]);
            var ours = GreedySearch.Write(sessions, encoded, sessions.Config.StartId, NewTokens + 1, null, null, Stop)[0];
            Assert.Equal(ids, theirs[i].Input);
            Assert.Equal([sessions.Config.StartId, .. ours], theirs[i].Output);
        }
    }

    private static IReadOnlyList<string> Questions()
    {
        using var stream = new System.IO.Compression.GZipStream(
            File.OpenRead(ReferenceStudent.Shared("data/cqa_train.jsonl.gz")), System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(stream);
        return [.. Enumerable.Range(0, 500).Select(_ => JsonDocument.Parse(reader.ReadLine()!).RootElement.GetProperty("input").GetString()!)];
    }

    /// <summary>Where Node.js finds the package; the test skips itself where there is none.</summary>
    private static string Modules()
    {
        var modules = Environment.GetEnvironmentVariable("STEPDISTILL_NODE_MODULES") ?? "";
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(modules, "@huggingface", "transformers")),
            "STEPDISTILL_NODE_MODULES names no node_modules folder with @huggingface/transformers in it.");
        return modules;
    }

    private static async Task<(int[] Input, int[] Output)[]> InNodeAsync(string modules, string folder, string dtype, IReadOnlyList<string> texts)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "transformers.mjs"), modules, folder, dtype, "0", $"{NewTokens}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var node = Process.Start(start)!;
        var (output, error) = (node.StandardOutput.ReadToEndAsync(Stop), node.StandardError.ReadToEndAsync(Stop));
        await node.StandardInput.WriteAsync(JsonSerializer.Serialize(texts).AsMemory(), Stop);
        node.StandardInput.Close();
        var (json, words) = (await output, await error);
        await node.WaitForExitAsync(Stop);
        Assert.True(node.ExitCode == 0, words);
        using var answers = JsonDocument.Parse(json);
        return [.. answers.RootElement.EnumerateArray().Select(one => (Ids(one, "input"), Ids(one, "output")))];
    }

    private static int[] Ids(JsonElement one, string key) => [.. one.GetProperty(key).EnumerateArray().Select(id => id.GetInt32())];
}
