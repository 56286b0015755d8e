using System.Text;
using CsCheck;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Tests.Teachers.BatchJobs;

public sealed class BoundedLinesTests
{
    [Fact]
    public void Lines_are_those_of_the_text_however_it_arrives() => Gen
        .Select(Gen.Char["\naé \r"].Array[0, 60], Gen.Int[1, 7], Gen.Int[1, 12])
        .SampleAsync(async (letters, step, longest) =>
        {
            var text = new string(letters);
            string?[] expected = [.. text.Split('\n')
                .Select(line => Encoding.UTF8.GetByteCount(line) > longest ? null : line)
                .Where(line => line is null || !string.IsNullOrWhiteSpace(line))];

            Assert.Equal(expected, await Read(Encoding.UTF8.GetBytes(text), step, longest));
        });

    [Fact]
    public async Task A_line_without_end_takes_no_memory_and_the_next_one_is_read()
    {
        var bytes = new byte[300_000];
        bytes.AsSpan().Fill((byte)'x');
        bytes[^3] = (byte)'\n';

        Assert.Equal([null, "xx"], await Read(bytes, int.MaxValue, 1000));
    }

    private static async Task<List<string?>> Read(byte[] bytes, int step, int longest)
    {
        var lines = new List<string?>();
        using var stream = new SlowStream(bytes, step);
        await foreach (var line in BoundedLines.ReadAsync(stream, longest))
        {
            lines.Add(line is { } text ? Encoding.UTF8.GetString(text.Span) : null);
        }

        return lines;
    }

    /// <summary>Gives a few bytes at a time, as a network does.</summary>
    private sealed class SlowStream(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(step, buffer.Length)], cancellationToken);
    }
}
