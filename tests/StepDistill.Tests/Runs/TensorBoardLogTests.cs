using System.Buffers.Binary;
using System.Text;
using StepDistill.Runs;

namespace StepDistill.Tests.Runs;

public sealed class TensorBoardLogTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Events_become_scalars_at_their_steps()
    {
        using (var log = new TensorBoardLog(_files.Path, resumedStep: 0, new SteppingClock(Noon)))
        {
            log.Append(new RunStarted("abc", "finetune-1-seed0", 10, 100, 1000));
            log.Append(new StepTaken(1.5, 2, 0.25, 1e-3) { Step = 1, RationaleLoss = 1 });
            log.Append(new StepTaken(double.NaN, 2, 0.25, 1e-3) { Step = 300 });
            log.Append(new Evaluated(0.5, true, new Dictionary<string, double> { ["accuracy"] = 0.5 }) { Step = 300 });
        }

        var events = ReadAll(Assert.Single(Directory.GetFiles(_files.Path)));

        Assert.Equal("brain.Event:2", events[0].Version);
        Assert.Equal(4, events.Count);
        Assert.Equal(1, events[1].Step);
        Assert.Equal(
            [("train/loss", 1.5f), ("train/label_loss", 2), ("train/rationale_loss", 1), ("train/gradient_norm", 0.25f),
                ("train/learning_rate", 1e-3f)],
            events[1].Scalars);
        Assert.Equal((300, float.NaN), (events[2].Step, events[2].Scalars[0].Value));
        Assert.Equal((300, ("validation/accuracy", 0.5f)), (events[3].Step, events[3].Scalars.Single()));
        Assert.All(events, one => Assert.InRange(one.WallTime, Noon.ToUnixTimeSeconds(), Noon.ToUnixTimeSeconds() + 60));
    }

    [Fact]
    public void A_resumed_run_makes_the_reader_forget_later_steps()
    {
        new TensorBoardLog(_files.Path, 0, new SteppingClock(Noon)).Dispose();
        new TensorBoardLog(_files.Path, 250, new SteppingClock(Noon)).Dispose();

        var files = Directory.GetFiles(_files.Path).Order(StringComparer.Ordinal).ToArray();

        Assert.Equal(2, files.Length);
        Assert.DoesNotContain(ReadAll(files[0]), one => one.SessionStart);
        Assert.Equal(251, ReadAll(files[1]).Single(one => one.SessionStart).Step);
    }

    [Fact]
    public void The_file_has_the_name_that_TensorBoard_looks_for()
    {
        new TensorBoardLog(_files.Path, 0, new SteppingClock(Noon)).Dispose();

        Assert.Equal(
            "events.out.tfevents.1777636801.0.stepdistill", Path.GetFileName(Directory.GetFiles(_files.Path).Single()));
    }

    // RFC 3720, appendix B.4, and the check value of CRC-32C; masked as TFRecords want it.
    [Theory]
    [InlineData("313233343536373839", 0xE3069283)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AA)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43)]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794E)]
    public void Checksums_are_the_published_ones(string bytes, uint crc) =>
        Assert.Equal(((crc >> 15) | (crc << 17)) + 0xA282EAD8, TensorBoardLog.MaskedChecksum(Convert.FromHexString(bytes)));

    private sealed record Read(
        double WallTime, long Step, string? Version, bool SessionStart, IReadOnlyList<(string Tag, float Value)> Scalars);

    // A reader of its own: bit by bit where the writer uses tables, and no code of the writer's.
    private static List<Read> ReadAll(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        var events = new List<Read>();
        while (bytes.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Assert.Equal(Masked(bytes[..8]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
            var message = bytes.Slice(12, length);
            Assert.Equal(Masked(message), BinaryPrimitives.ReadUInt32LittleEndian(bytes[(12 + length)..]));
            events.Add(Event(message.ToArray()));
            bytes = bytes[(12 + length + 4)..];
        }

        return events;
    }

    private static Read Event(byte[] message)
    {
        var fields = Fields(message).ToList();
        return new(
            BitConverter.ToDouble(fields.Single(field => field.Number == 1).Bytes),
            fields.Where(field => field.Number == 2).Select(field => (long)field.Varint).SingleOrDefault(),
            fields.Where(field => field.Number == 3).Select(field => Encoding.UTF8.GetString(field.Bytes)).SingleOrDefault(),
            fields.Any(field => field.Number == 7 && Fields(field.Bytes).Single() is (1, 1, _)),
            [
                .. from summary in fields
                   where summary.Number == 5
                   from value in Fields(summary.Bytes)
                   let parts = Fields(value.Bytes).ToList()
                   select (
                       Encoding.UTF8.GetString(parts.Single(part => part.Number == 1).Bytes),
                       BitConverter.ToSingle(parts.Single(part => part.Number == 2).Bytes)),
            ]);
    }

    private static IEnumerable<(int Number, ulong Varint, byte[] Bytes)> Fields(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            var varint = (tag & 7) is 0 or 2 ? Varint(message, ref at) : 0;
            var length = (tag & 7) switch { 0 => 0, 1 => 8, 2 => (int)varint, 5 => 4, _ => throw new InvalidDataException() };
            yield return ((int)(tag >> 3), varint, message[at..(at + length)]);
            at += length;
        }
    }

    private static ulong Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            value |= (ulong)(bytes[at] & 0x7F) << shift;
            if (bytes[at++] < 0x80)
            {
                return value;
            }
        }
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F63B78;      // Castagnoli's polynomial, reversed
            }
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }
}
