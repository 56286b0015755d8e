using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace StepDistill.Students.Weights;

/// <summary>A store of numbers that a pickle refers to, by its key within the file.</summary>
internal sealed record PickledStorage(WeightType Type, string Key, long Count);

/// <summary>A view into a storage: where a tensor's numbers lie, in steps of one number.</summary>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>
/// Reads the part of Python's pickle format that <c>torch.save</c> uses for tensors, and nothing else: a pickle is a
/// program, and this interpreter knows no instruction that could call, import or build anything but the types below.
/// </summary>
/// <remarks>
/// Instructions: CPython, Lib/pickletools.py. What torch writes: PyTorch, torch/serialization.py and torch/_utils.py.
/// Values are null, bool, long, double, <see cref="BigInteger"/>, string, <see cref="List{T}"/> of values (lists),
/// arrays of values (tuples), <see cref="Dictionary"/>, <see cref="PickledStorage"/> and <see cref="PickledTensor"/>.
/// Each instruction makes at most one value, and both their number and every length are bounded.
/// </remarks>
internal sealed class TensorPickle
{
    /// <summary>A hundred times what the pickle of T5-xxl takes.</summary>
    private const int MaxInstructions = 2_000_000;

    private const int MaxText = 1 << 16;
    private const int MaxDimensions = 8;

    private static readonly Dictionary<string, WeightType> StorageTypes = new(StringComparer.Ordinal)
    {
        ["torch.FloatStorage"] = WeightType.F32,
        ["torch.HalfStorage"] = WeightType.F16,
        ["torch.BFloat16Storage"] = WeightType.BF16,
        ["torch.DoubleStorage"] = WeightType.F64,
        ["torch.LongStorage"] = WeightType.I64,
        ["torch.IntStorage"] = WeightType.I32,
        ["torch.ShortStorage"] = WeightType.I16,
        ["torch.CharStorage"] = WeightType.I8,
        ["torch.ByteStorage"] = WeightType.U8,
        ["torch.BoolStorage"] = WeightType.Bool,
    };

    private readonly Stream stream;
    private readonly string path;
    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = new();
    private readonly Dictionary<long, object?> memo = [];

    private TensorPickle(Stream stream, string path)
    {
        this.stream = stream;
        this.path = path;
    }

    /// <summary>The functions that a pickle may call.</summary>
    private enum Callable
    {
        OrderedDictionary,
        RebuildTensor,
        RebuildParameter,
    }

    /// <summary>Reads one pickle; the stream then stands behind it.</summary>
    /// <param name="stream">Where it begins.</param>
    /// <param name="path">The file, for messages.</param>
    /// <returns>Its value.</returns>
    /// <exception cref="StepDistillException">It holds an instruction or a name that is not of tensors, or is damaged.</exception>
    public static object? Read(Stream stream, string path) => new TensorPickle(stream, path).Run();

    private object? Run()
    {
        for (var i = 0; i < MaxInstructions; i++)
        {
            var code = Byte();
            if (code == (byte)'.')
            {
                return Pop();
            }

            Execute(code);
        }

        throw Refused($"has more than {MaxInstructions} instructions");
    }

    private void Execute(byte code)
    {
        switch (code)
        {
            case 0x80: // PROTO
                var protocol = Byte();
                if (protocol is < 2 or > 5)
                {
                    throw Refused($"is of protocol {protocol}; 2 to 5 are known");
                }

                break;
            case 0x95: // FRAME, which only helps readers that buffer
                Bytes(8);
                break;
            case (byte)'N':
                Push(null);
                break;
            case 0x88:
                Push(true);
                break;
            case 0x89:
                Push(false);
                break;
            case (byte)'K':
                Push((long)Byte());
                break;
            case (byte)'M':
                Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2)));
                break;
            case (byte)'J':
                Push((long)BinaryPrimitives.ReadInt32LittleEndian(Bytes(4)));
                break;
            case 0x8a: // LONG1
                var number = new BigInteger(Bytes(Byte()));
                Push(number >= long.MinValue && number <= long.MaxValue ? (object)(long)number : number);
                break;
            case (byte)'G':
                Push(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8)));
                break;
            case 0x8c: // SHORT_BINUNICODE
                Push(Text(Byte()));
                break;
            case (byte)'X': // BINUNICODE
                Push(Text(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))));
                break;
            case (byte)'(':
                marks.Push(stack.Count);
                break;
            case (byte)']':
                Push(new List<object?>());
                break;
            case (byte)'a':
                var item = Pop();
                Top<List<object?>>("a list").Add(item);
                break;
            case (byte)'e':
                var items = PopToMark();
                Top<List<object?>>("a list").AddRange(items);
                break;
            case (byte)')':
                Push(Array.Empty<object?>());
                break;
            case (byte)'t':
                Push(PopToMark());
                break;
            case 0x85 or 0x86 or 0x87: // TUPLE1 to TUPLE3
                Push(PopMany(code - 0x84));
                break;
            case (byte)'}':
                Push(new Dictionary());
                break;
            case (byte)'s':
                var pair = PopMany(2);
                Top<Dictionary>("a dictionary").Entries.Add((pair[0], pair[1]));
                break;
            case (byte)'u':
                var pairs = PopToMark();
                if (pairs.Length % 2 != 0)
                {
                    throw Refused("sets a key without a value");
                }

                Top<Dictionary>("a dictionary").Entries.AddRange(pairs.Chunk(2).Select(entry => (entry[0], entry[1])));
                break;
            case (byte)'q':
                memo[Byte()] = Peek();
                break;
            case (byte)'r':
                memo[BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))] = Peek();
                break;
            case 0x94: // MEMOIZE
                memo[memo.Count] = Peek();
                break;
            case (byte)'h':
                Push(Remembered(Byte()));
                break;
            case (byte)'j':
                Push(Remembered(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))));
                break;
            case (byte)'0': // POP
                Pop();
                break;
            case (byte)'c': // GLOBAL
                var module = Line();
                Push(Global(module, Line()));
                break;
            case 0x93: // STACK_GLOBAL
                var names = PopMany(2);
                Push(Global(names[0] as string ?? "?", names[1] as string ?? "?"));
                break;
            case (byte)'R': // REDUCE
                var arguments = Pop<object?[]>("a tuple of arguments");
                Push(Call(Pop(), arguments));
                break;
            case (byte)'b': // BUILD: a state dictionary carries the versions of its modules, which nobody needs
                Pop<Dictionary>("a dictionary of attributes");
                Top<Dictionary>("a state dictionary, the only thing whose attributes are skipped");
                break;
            case (byte)'Q': // BINPERSID
                Push(Storage(Pop<object?[]>("a tuple that names a storage")));
                break;
            default:
                throw Refused(
                    $"has the instruction 0x{code:x2}{(code is > 32 and < 127 ? $" ('{(char)code}')" : "")}, which tensors do not need");
        }
    }

    private object Global(string module, string name)
    {
        var full = $"{module}.{name}";
        return full switch
        {
            "collections.OrderedDict" => Callable.OrderedDictionary,
            "torch._utils._rebuild_tensor_v2" => Callable.RebuildTensor,
            "torch._utils._rebuild_parameter" => Callable.RebuildParameter,
            _ when StorageTypes.TryGetValue(full, out var type) => type,
            _ => throw Refused($"asks for {Shown(full)}, which is not of tensors and could run anything"),
        };
    }

    private object Call(object? function, object?[] arguments) => (function, arguments) switch
    {
        (Callable.OrderedDictionary, []) => new Dictionary(),
        (Callable.OrderedDictionary, [List<object?> pairs]) => new Dictionary(pairs.Select(pair =>
            pair is object?[] { Length: 2 } entry ? (entry[0], entry[1]) : throw Refused("has a dictionary of something else than pairs"))),
        (Callable.RebuildTensor, [PickledStorage storage, long offset, object?[] shape, object?[] strides, ..]) =>
            Tensor(storage, offset, shape, strides),
        (Callable.RebuildParameter, [PickledTensor tensor, ..]) => tensor,
        (Callable, _) => throw Refused($"calls {function} with arguments of another form than torch.save's"),
        _ => throw Refused("calls something that is no function"),
    };

    /// <summary>The older format adds a sixth part, which is None unless the storage is itself part of another.</summary>
    private PickledStorage Storage(object?[] id) => id switch
    {
        ["storage", WeightType type, string key, string, long count and >= 0] => new PickledStorage(type, key, count),
        ["storage", WeightType type, string key, string, long count and >= 0, null] => new PickledStorage(type, key, count),
        _ => throw Refused("refers to a storage in another form than torch.save's"),
    };

    private PickledTensor Tensor(PickledStorage storage, long offset, object?[] shape, object?[] strides)
    {
        long[]? Whole(object?[] values) =>
            values.All(value => value is >= 0L) ? [.. values.Select(value => (long)value!)] : null;

        var (sizes, steps) = (Whole(shape), Whole(strides));
        if (sizes is null || steps is null || sizes.Length != steps.Length || sizes.Length > MaxDimensions || offset < 0)
        {
            throw Refused("has a tensor without a usable shape, strides and offset");
        }

        // Int128: a hostile shape must not overflow its way into the storage.
        Int128 last = offset;
        for (var i = 0; i < sizes.Length; i++)
        {
            last += (Int128)(sizes[i] - 1) * steps[i];
        }

        var count = WeightTensor.CountOf(sizes);
        if (count is null || count > storage.Count || (count > 0 && last >= storage.Count))
        {
            throw Refused(
                $"has a tensor of shape [{string.Join(", ", sizes)}] and strides [{string.Join(", ", steps)}] at {offset},"
                + $" outside of its storage of {storage.Count}");
        }

        return new PickledTensor(storage, offset, sizes, steps);
    }

    private void Push(object? value) => stack.Add(value);

    private object? Peek() => stack.Count > Floor ? stack[^1] : throw Refused("takes a value where there is none");

    private object? Pop()
    {
        var value = Peek();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private T Pop<T>(string what) => Pop() is T value ? value : throw Refused($"has something else where {what} must be");

    private T Top<T>(string what) => Peek() is T value ? value : throw Refused($"has something else where {what} must be");

    private object?[] PopMany(int count)
    {
        if (stack.Count - Floor < count)
        {
            throw Refused("takes a value where there is none");
        }

        var values = stack.GetRange(stack.Count - count, count).ToArray();
        stack.RemoveRange(stack.Count - count, count);
        return values;
    }

    private object?[] PopToMark()
    {
        if (!marks.TryPeek(out var mark))
        {
            throw Refused("closes a mark that was not set");
        }

        var values = PopMany(stack.Count - mark);
        marks.Pop();
        return values;
    }

    private int Floor => marks.TryPeek(out var mark) ? mark : 0;

    private object? Remembered(long key) =>
        memo.TryGetValue(key, out var value) ? value : throw Refused($"recalls value {key}, which it did not store");

    private byte Byte()
    {
        var value = stream.ReadByte();
        return value >= 0 ? (byte)value : throw CutOff();
    }

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        return stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count ? bytes : throw CutOff();
    }

    private string Text(uint length) => length <= MaxText
        ? Encoding.UTF8.GetString(Bytes((int)length)) : throw Refused($"has a text of {length} bytes; at most {MaxText} are read");

    private string Line()
    {
        var line = new StringBuilder();
        for (var next = Byte(); next != '\n'; next = Byte())
        {
            if (line.Length == 200)
            {
                throw Refused($"asks for {Shown(line.ToString())}, which is not of tensors");
            }

            line.Append((char)next);
        }

        return line.ToString();
    }

    private static string Shown(string name) =>
        string.Concat(name.Take(200).Select(c => char.IsControl(c) ? '?' : c));

    private StepDistillException CutOff() => new(
        $"{path} is cut off or damaged: its list of tensors ends in the middle. Download or copy it again.");

    private StepDistillException Refused(string what) => new(
        $"{path} is refused: its pickle {what} (at byte {stream.Position.ToString(CultureInfo.InvariantCulture)})."
        + " Only files of plain tensors, as torch.save(model.state_dict()) makes them, are read; use a safetensors file.");

    /// <summary>A dictionary as it was written: in order, with keys of any kind, and without ever comparing them.</summary>
    public sealed class Dictionary(IEnumerable<(object? Key, object? Value)>? entries = null)
    {
        /// <summary>Its entries.</summary>
        public List<(object? Key, object? Value)> Entries { get; } = [.. entries ?? []];
    }
}
