using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace StepDistill.Tokenizers;

/// <summary>Writes one protobuf message, field by field.</summary>
internal sealed class ProtobufWriter
{
    private readonly ArrayBufferWriter<byte> message = new();

    /// <summary>Bytes written so far.</summary>
    public int Length => message.WrittenCount;

    public byte[] ToArray() => message.WrittenSpan.ToArray();

    /// <summary>Writes a whole number, an enumeration or a flag.</summary>
    public ProtobufWriter Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public ProtobufWriter Flag(int field, bool value) => Number(field, value ? 1 : 0);

    public ProtobufWriter Float(int field, float value)
    {
        Varint(((ulong)field << 3) | 5);
        BinaryPrimitives.WriteSingleLittleEndian(message.GetSpan(4), value);
        message.Advance(4);
        return this;
    }

    /// <summary>Writes text, bytes or an inner message.</summary>
    public ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Start(field, value.Length);
        message.Write(value);
        return this;
    }

    public ProtobufWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Begins text, bytes or an inner message, whose content the caller writes elsewhere.</summary>
    public ProtobufWriter Start(int field, long length)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)length);
        return this;
    }

    private void Varint(ulong value)
    {
        var place = message.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            place[length++] = (byte)(value | 0x80);
        }

        place[length++] = (byte)value;
        message.Advance(length);
    }
}
