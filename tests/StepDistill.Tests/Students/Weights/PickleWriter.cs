using System.Buffers.Binary;
using System.Text;

namespace StepDistill.Tests.Students.Weights;

/// <summary>Writes pickles, instruction by instruction: sound ones as torch.save does, and any other.</summary>
internal sealed class PickleWriter
{
    private readonly List<byte> bytes = [];

    public PickleWriter(byte protocol = 2) => Raw(0x80, protocol);

    public PickleWriter Raw(params byte[] code)
    {
        bytes.AddRange(code);
        return this;
    }

    public PickleWriter Global(string module, string name) => Raw([(byte)'c', .. Encoding.UTF8.GetBytes($"{module}\n{name}\n")]);

    public PickleWriter Mark() => Raw((byte)'(');

    public PickleWriter EmptyTuple() => Raw((byte)')');

    public PickleWriter Tuple() => Raw((byte)'t');

    public PickleWriter EmptyList() => Raw((byte)']');

    public PickleWriter Appends() => Raw((byte)'e');

    public PickleWriter EmptyDictionary() => Raw((byte)'}');

    public PickleWriter SetItems() => Raw((byte)'u');

    public PickleWriter Reduce() => Raw((byte)'R');

    public PickleWriter Build() => Raw((byte)'b');

    public PickleWriter PersistentId() => Raw((byte)'Q');

    public PickleWriter None() => Raw((byte)'N');

    public PickleWriter Truth(bool value) => Raw((byte)(value ? 0x88 : 0x89));

    public PickleWriter Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Raw([(byte)'X', .. Little(utf8.Length), .. utf8]);
    }

    public PickleWriter Whole(long number) => number is >= 0 and < 256
        ? Raw((byte)'K', (byte)number)
        : number is >= int.MinValue and <= int.MaxValue ? Raw([(byte)'J', .. Little((int)number)])
        : Raw([0x8a, 8, .. BitConverter.GetBytes(number)]);

    public PickleWriter Wholes(params long[] numbers)
    {
        Mark();
        foreach (var number in numbers)
        {
            Whole(number);
        }

        return Tuple();
    }

    /// <summary>A tensor as torch.save writes it: a call of _rebuild_tensor_v2 on a storage.</summary>
    public PickleWriter Tensor(
        string storageType, string key, long storageCount, long offset, long[] shape, long[] strides, bool legacy = false)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Mark();
        Mark().Text("storage").Global("torch", storageType).Text(key).Text("cpu").Whole(storageCount);
        if (legacy)
        {
            None();
        }

        Tuple().PersistentId();
        Whole(offset).Wholes(shape).Wholes(strides).Truth(false);
        Global("collections", "OrderedDict").EmptyTuple().Reduce();
        return Tuple().Reduce();
    }

    public byte[] Stop()
    {
        Raw((byte)'.');
        return [.. bytes];
    }

    private static byte[] Little(int number)
    {
        var four = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(four, number);
        return four;
    }
}
