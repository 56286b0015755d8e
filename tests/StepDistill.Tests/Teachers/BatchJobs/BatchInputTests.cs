using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using StepDistill.Files;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Tests.Teachers.BatchJobs;

public sealed class BatchInputTests
{
    [Fact]
    public void Files_hold_what_was_added_within_the_limits() => Gen
        .Select(Gen.Int[1, 300].Array[1, 30], Gen.Int[1, 10], Gen.Int[200, 2000])
        .Sample((sizes, requests, bytes) =>
        {
            var path = Path.GetTempFileName();
            using var input = new BatchInput(path, new BatchLimits { Requests = requests, Bytes = bytes });
            var expected = new List<string>();
            foreach (var (number, size) in sizes.Index())
            {
                var body = Encoding.UTF8.GetBytes($"{{\"x\":\"{new string('y', size)}\"}}");
                if (!input.HasRoomFor(body))
                {
                    break;
                }

                expected.Add(ContentHash.Of($"{number}"));
                input.Add(expected[^1], body, tokens: size);
                input.Add(expected[^1], body, tokens: size);     // twice is once
            }

            input.Complete();
            var written = File.ReadAllText(path);
            var lines = written.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
            Assert.Equal(expected, lines.Select(line => line["custom_id"]!.GetValue<string>()));
            Assert.All(lines, line => Assert.Equal(
                ("POST", BatchAddress.Chat, true),
                (line["method"]!.GetValue<string>(), line["url"]!.GetValue<string>(), line["body"] is JsonObject)));
            Assert.True(lines.Count <= requests && (written.Length <= bytes || lines.Count == 1));
            Assert.Equal(sizes.Take(lines.Count).Sum(), input.Tokens);
        }, threads: 1, iter: 200);

    [Fact]
    public void The_file_goes_when_it_is_no_longer_needed()
    {
        var path = Path.GetTempFileName();
        new BatchInput(path, new BatchLimits()).Dispose();

        Assert.False(File.Exists(path));
    }
}
