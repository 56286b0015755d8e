using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace StepDistill.Runs;

/// <summary>Writes the numbers of a run as TensorBoard reads them: <c>events.out.tfevents.*</c>.</summary>
/// <remarks>
/// A file is a row of TFRecords: length, its checksum, content, its checksum; the content is TensorFlow's message
/// <c>Event</c> (tensorflow/core/util/event.proto), of which a handful of fields is written by hand here. Not safe for
/// use by several threads at once.
/// </remarks>
public sealed class TensorBoardLog : IDisposable
{
    private readonly FileStream _file;
    private readonly TimeProvider _clock;

    /// <summary>Begins a file of its own; TensorBoard joins the files of a folder.</summary>
    /// <param name="folder">The run's TensorBoard folder; it is made.</param>
    /// <param name="resumedStep">
    /// The step of the checkpoint that the run goes on from, so that TensorBoard forgets what an earlier file says
    /// about later steps; 0 for a new run.
    /// </param>
    /// <param name="clock">Tells when events happen.</param>
    public TensorBoardLog(string folder, int resumedStep, TimeProvider clock)
    {
        _clock = clock;
        Directory.CreateDirectory(folder);
        _file = Open(folder, clock.GetUtcNow());
        Append(new Message().Text(3, "brain.Event:2"));                                             // file_version
        if (resumedStep > 0)
        {
            var start = new Message().Number(1, 1);                                                 // status: START
            Append(new Message().Number(2, resumedStep + 1).Nested(7, start));                      // step, session_log
        }
    }

    /// <summary>Writes the numbers of an event, if it has any.</summary>
    /// <param name="happened">
    /// A <see cref="StepTaken"/> becomes <c>train/…</c>, an <see cref="Evaluated"/> <c>validation/…</c>; others are
    /// passed over.
    /// </param>
    public void Append(RunEvent happened)
    {
        var summary = new Message();
        foreach (var (tag, value) in Scalars(happened))
        {
            summary.Nested(1, new Message().Text(1, tag).Float(2, (float)value));           // value: tag, simple_value
        }

        if (summary.Length > 0)
        {
            Append(new Message().Number(2, happened.Step).Nested(5, summary));                      // step, summary
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    internal static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }

    private static IEnumerable<(string Tag, double Value)> Scalars(RunEvent happened) => happened switch
    {
        StepTaken step =>
        [
            ("train/loss", step.Loss),
            ("train/label_loss", step.LabelLoss),
            .. Optional("train/rationale_loss", step.RationaleLoss),
            ("train/gradient_norm", step.GradientNorm),
            ("train/learning_rate", step.LearningRate),
            .. Optional("train/examples_per_second", step.ExamplesPerSecond),
            .. Optional("train/tokens_per_second", step.TokensPerSecond),
        ],
        Evaluated look => look.Metrics.Select(metric => ($"validation/{metric.Key}", metric.Value)),
        _ => [],
    };

    private static IEnumerable<(string Tag, double Value)> Optional(string tag, double? value) =>
        value is { } number ? [(tag, number)] : [];

    // TensorBoard reads files in the order of their names, so the time comes first; a number keeps two of one second
    // apart.
    private static FileStream Open(string folder, DateTimeOffset now)
    {
        for (var number = 0; ; number++)
        {
            var name = string.Create(
                CultureInfo.InvariantCulture,
                $"events.out.tfevents.{now.ToUnixTimeSeconds():D10}.{number}.stepdistill");
            var path = Path.Combine(folder, name);
            if (!File.Exists(path))
            {
                return new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
            }
        }
    }

    private void Append(Message content)
    {
        var time = (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        var message = new Message().Double(1, time).Append(content).ToArray();                      // wall_time
        var record = new byte[8 + 4 + message.Length + 4];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedChecksum(record.AsSpan(0, 8)));
        message.CopyTo(record.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + message.Length), MaskedChecksum(message));
        _file.Write(record);        // whole records only, so that a reader never waits inside one
    }

    /// <summary>
    /// A protobuf message under construction: fields one after another, each after its number and wire type.
    /// </summary>
    private sealed class Message
    {
        private readonly List<byte> _bytes = [];

        public int Length => _bytes.Count;

        public byte[] ToArray() => _bytes.ToArray();

        public Message Number(int field, long value) => Tag(field, 0).Varint((ulong)value);

        public Message Double(int field, double value) => Tag(field, 1).Fixed(BitConverter.GetBytes(value));

        public Message Float(int field, float value) => Tag(field, 5).Fixed(BitConverter.GetBytes(value));

        public Message Text(int field, string value) => Counted(field, Encoding.UTF8.GetBytes(value));

        public Message Nested(int field, Message value) => Counted(field, value.ToArray());

        public Message Append(Message other)
        {
            _bytes.AddRange(other._bytes);
            return this;
        }

        private Message Counted(int field, byte[] value)
        {
            Tag(field, 2).Varint((ulong)value.Length);
            _bytes.AddRange(value);
            return this;
        }

        private Message Tag(int field, int wireType) => Varint((ulong)(field << 3 | wireType));

        private Message Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                _bytes.Add((byte)(value | 0x80));
            }

            _bytes.Add((byte)value);
            return this;
        }

        private Message Fixed(byte[] littleEndian)
        {
            if (!BitConverter.IsLittleEndian)
            {
                Array.Reverse(littleEndian);
            }

            _bytes.AddRange(littleEndian);
            return this;
        }
    }
}
