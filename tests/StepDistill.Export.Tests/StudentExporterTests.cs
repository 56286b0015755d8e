using System.Text.Json;
using StepDistill.Inference.Sessions;
using StepDistill.Students;
using StepDistill.Students.Weights;

namespace StepDistill.Export.Tests;

public sealed class StudentExporterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v1_0")]
    [InlineData("v1_1")]
    public void The_reference_programs_numbers_come_out(string name)
    {
        var golden = Golden(name);
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            foreach (var file in new[] { "config.json", "model.safetensors" })
            {
                File.Copy(Path.Combine(golden, file), Path.Combine(folder.FullName, file));
            }

            var student = StudentFolder.Open(folder.FullName);
            foreach (var precision in Enum.GetValues<ExportPrecision>())
            {
                StudentExporter.Export(student, precision, split: true, Stop);
            }

            using var inputs = JsonDocument.Parse(File.ReadAllText(Path.Combine(golden, "inputs.json")));
            using var expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(golden, "expected.json")));
            using var tensors = WeightFiles.Open(Path.Combine(golden, "expected.safetensors"));
            var ids = Rows(inputs, "input_ids");
            var mask = Rows(inputs, "attention_mask");
            int[][] sources = [.. ids.Zip(mask, (row, real) => row.Take(real.Sum()).ToArray())];
            var targets = Rows(expected, "decoder_input_ids");
            var logits = new float[tensors.Find("logits")!.Count];
            tensors.Read("logits", logits);
            foreach (var precision in StudentPrecision.Names)
            {
                using var sessions = new StudentSessions(folder.FullName, student.Config, StudentPrecision.Parse(precision), 1);
                using var encoded = sessions.Encode(sources);
                var length = targets[0].Length;
                using var scores = sessions.Score(encoded, [.. targets.SelectMany(row => row).Select(id => (long)id)], new long[length * length], length);
                var worst = logits.Zip(scores.GetTensorDataAsSpan<float>().ToArray(), (one, other) => Math.Abs(one - other)).Max();
                var written = GreedySearch.Write(sessions, encoded, student.Config.StartId, 24, null, null, Stop);
                var greedy = Rows(expected, "greedy_max_length_24");
                var same = written.Zip(greedy).Count(pair => pair.First.SequenceEqual(pair.Second.Skip(1).Take(pair.First.Length)));
                var beams = BeamWriting.Write(sessions, encoded, student.Config.StartId, 24, 3, Stop);
                var beam = Rows(expected, "beam3_max_length_24");
                var sameBeams = beams.Zip(beam).Count(pair => pair.First.SequenceEqual(pair.Second.Skip(1).Take(pair.First.Length)));
                TestContext.Current.SendDiagnosticMessage($"{name} {precision}: {worst} greedy {same} beam {sameBeams} of {greedy.Length}");
                Console.WriteLine($"{name} {precision}: {worst} greedy {same} beam {sameBeams} of {greedy.Length}");
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int[][] Rows(JsonDocument json, string key) =>
        [.. json.RootElement.GetProperty(key).EnumerateArray().Select(row => row.EnumerateArray().Select(id => id.GetInt32()).ToArray())];

    private static string Golden(string name) => "/work/shared/golden/" + name;
}
