using System.Buffers.Binary;

namespace StepDistill.Tokenizers;

/// <summary>Walks through one protobuf message, field by field, without ever looking past its end.</summary>
/// <remarks>
/// Only what a SentencePiece model holds: no groups. A field whose wire type is not the expected one counts as unknown
/// and is skipped, as Google's parser does.
/// </remarks>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> message = message;
    private int position;

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    private int WireType { get; set; }

    /// <summary>Moves to the next field; its value must then be read or skipped.</summary>
    /// <returns>False at the end of the message.</returns>
    /// <exception cref="InvalidDataException">The bytes are no protobuf message.</exception>
    public bool Next()
    {
        if (position == message.Length)
        {
            return false;
        }

        var tag = Varint();
        if (tag >> 3 is 0 or > 536_870_911)
        {
            throw new InvalidDataException($"byte {position} starts field {tag >> 3}, which protobuf does not have");
        }

        Field = (int)(tag >> 3);
        WireType = (int)(tag & 7);
        return true;
    }

    /// <summary>Reads a whole number, an enumeration or a flag, if that is what the field holds.</summary>
    public bool TryNumber(out long value)
    {
        value = 0;
        if (WireType != 0)
        {
            Skip();
            return false;
        }

        value = (long)Varint();
        return true;
    }

    /// <summary>Reads a 32-bit float, if that is what the field holds.</summary>
    public bool TryFloat(out float value)
    {
        value = 0;
        if (WireType != 5)
        {
            Skip();
            return false;
        }

        value = BinaryPrimitives.ReadSingleLittleEndian(Take(4));
        return true;
    }

    /// <summary>Reads text, bytes or an inner message, if that is what the field holds.</summary>
    public bool TryBytes(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (WireType != 2)
        {
            Skip();
            return false;
        }

        value = Take(Varint());
        return true;
    }

    /// <summary>Passes over the current field's value.</summary>
    public void Skip()
    {
        switch (WireType)
        {
            case 0:
                Varint();
                break;
            case 1:
                Take(8);
                break;
            case 2:
                Take(Varint());
                break;
            case 5:
                Take(4);
                break;
            default:
                throw new InvalidDataException($"field {Field} at byte {position} has wire type {WireType}");
        }
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position == message.Length)
            {
                throw new InvalidDataException($"it ends at byte {position}, in the middle of a number");
            }

            var next = message[position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException($"the number before byte {position} has more than 64 bits");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(message.Length - position))
        {
            throw new InvalidDataException(
                $"field {Field} at byte {position} says {length} bytes, but only {message.Length - position} are left");
        }

        var taken = message.Slice(position, (int)length);
        position += (int)length;
        return taken;
    }
}
