using CsCheck;
using StepDistill.Students.Weights;

namespace StepDistill.Tests.Students.Weights;

public sealed class TensorPickleTests
{
    [Fact]
    public void Plain_values_are_read()
    {
        var value = Read(new PickleWriter().Mark().None().Truth(true).Whole(-5).Whole(70_000).Whole(1L << 40).Text("ä").EmptyList().EmptyTuple().Tuple().Stop());

        var tuple = Assert.IsType<object?[]>(value);
        Assert.Equal([null, true, -5L, 70_000L, 1L << 40, "ä"], tuple[..6]);
        Assert.Empty(Assert.IsType<List<object?>>(tuple[6]));
        Assert.Empty(Assert.IsType<object?[]>(tuple[7]));
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("subprocess", "Popen")]
    [InlineData("torch.storage", "_load_from_bytes")]
    [InlineData("torch._utils", "_rebuild_tensor")]
    [InlineData("torch", "load")]
    [InlineData("collections", "Counter")]
    [InlineData("torch._utils", "_rebuild_tensor_v2 ")]
    public void Every_name_but_those_of_tensors_is_refused_and_told(string module, string name)
    {
        var call = new PickleWriter().Global(module, name).Mark().Text("echo hostile").Tuple().Reduce().Stop();

        Assert.Contains($"{module}.{name}", Refusal(call), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_taken_from_the_stack_is_refused_too() => Assert.Contains(
        "os.system", Refusal(new PickleWriter(4).Text("os").Text("system").Raw(0x93).Stop()), StringComparison.Ordinal);

    [Theory]
    [InlineData((byte)'i')] // INST
    [InlineData((byte)'o')] // OBJ
    [InlineData(0x81)] // NEWOBJ
    [InlineData(0x92)] // NEWOBJ_EX
    [InlineData((byte)'P')] // PERSID
    [InlineData(0x82)] // EXT1
    [InlineData((byte)'2')] // DUP
    [InlineData(0x8b)] // LONG4
    [InlineData(0x8e)] // BINBYTES8
    [InlineData(0x97)] // NEXT_BUFFER
    [InlineData((byte)'I')] // INT, as text
    public void Every_instruction_but_those_of_tensors_is_refused_and_told(byte code) => Assert.Contains(
        $"0x{code:x2}", Refusal(new PickleWriter().EmptyTuple().EmptyTuple().Raw(code).Stop()), StringComparison.Ordinal);

    [Fact]
    public void Only_a_dictionary_of_state_takes_attributes()
    {
        Refusal(new PickleWriter().EmptyList().EmptyDictionary().Build().Stop());
        Refusal(new PickleWriter().Global("torch", "FloatStorage").EmptyDictionary().Build().Stop());
        Refusal(new PickleWriter().Global("collections", "OrderedDict").EmptyTuple().Reduce().Text("x").Build().Stop());

        Assert.IsType<TensorPickle.Dictionary>(
            Read(new PickleWriter().Global("collections", "OrderedDict").EmptyTuple().Reduce().EmptyDictionary().Build().Stop()));
    }

    [Fact]
    public void A_type_cannot_be_called() => Refusal(new PickleWriter().Global("torch", "FloatStorage").EmptyTuple().Reduce().Stop());

    [Theory]
    [InlineData(new long[] { 3 }, new long[] { 1 }, 5, 3)] // ends behind its storage
    [InlineData(new long[] { 2, 2 }, new long[] { 4, 1 }, 5, 0)] // strides lead out of it
    [InlineData(new long[] { 1_000_000_000_000 }, new long[] { 0 }, 5, 0)] // one number, shown a million million times
    [InlineData(new long[] { 3, 3 }, new long[] { 0, 1 }, 5, 0)] // more numbers than its storage
    [InlineData(new long[] { -1 }, new long[] { 1 }, 5, 0)]
    [InlineData(new long[] { 1 }, new long[] { -1 }, 5, 0)]
    [InlineData(new long[] { 1 }, new long[] { 1 }, 5, -1)]
    [InlineData(new long[] { 1, 1 }, new long[] { 1 }, 5, 0)]
    [InlineData(new long[] { 2 }, new long[] { long.MaxValue }, 5, 2)] // would overflow
    [InlineData(new long[] { 4294967296, 4294967296 }, new long[] { 1, 1 }, 5, 0)] // would overflow
    [InlineData(new long[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, new long[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 5, 0)]
    public void A_tensor_outside_of_its_storage_is_refused(long[] shape, long[] strides, long storage, long offset) =>
        Assert.Contains(" has a tensor ", Refusal(new PickleWriter().Tensor("FloatStorage", "0", storage, offset, shape, strides).Stop()), StringComparison.Ordinal);

    [Fact]
    public void A_storage_of_less_than_nothing_is_refused() => Assert.Contains(
        "refers to a storage", Refusal(new PickleWriter().Tensor("FloatStorage", "0", -5, 0, [1], [1]).Stop()), StringComparison.Ordinal);

    [Fact]
    public void Parameters_are_the_tensors_in_them()
    {
        var pickle = new PickleWriter().Global("torch._utils", "_rebuild_parameter").Mark()
            .Tensor("FloatStorage", "0", 6, 0, [2, 3], [3, 1]).Truth(true).Global("collections", "OrderedDict").EmptyTuple().Reduce()
            .Tuple().Reduce().Stop();

        Assert.Equal([2, 3], Assert.IsType<PickledTensor>(Read(pickle)).Shape);
    }

    [Fact]
    public void Deep_nesting_harms_nothing()
    {
        var pickle = new PickleWriter().EmptyTuple();
        for (var i = 0; i < 500_000; i++)
        {
            pickle.Raw(0x85);
        }

        Assert.IsType<object?[]>(Read(pickle.Stop()));
    }

    [Fact]
    public void Too_many_instructions_are_refused()
    {
        var many = new byte[3_000_000];
        Array.Fill(many, (byte)'N');

        Assert.Contains("instructions", Refusal([0x80, 2, .. many]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X\xff\xff\xff\x7f")] // a text of 2 GB
    [InlineData("K\x01t")] // a mark that was not set
    [InlineData("h\x05")] // a value that was not stored
    [InlineData("0")] // nothing to take
    [InlineData("(0")] // nothing to take above the mark
    [InlineData("}(K\x01u")] // a key without a value
    [InlineData("K\x01\x85R")] // a call of nothing
    [InlineData("q\x00")] // nothing to store
    public void Nonsense_is_refused(string code) =>
        Refusal(new PickleWriter().Raw([.. code.Select(letter => (byte)letter)]).Stop());

    [Fact]
    public void A_pickle_cut_off_anywhere_is_one_clear_error()
    {
        var whole = TorchFile.State(legacy: false);
        for (var length = 0; length < whole.Length; length++)
        {
            Refusal(whole[..length]);
        }
    }

    [Fact]
    public void Random_instructions_are_read_or_refused_and_nothing_else()
    {
        byte[] codes = [.. "NK\x01MJGX(]aet)}sSuqrhj0cRbQ."u8, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x93, 0x94, 0x95, 0, 1, 255];
        Gen.Int[0, codes.Length - 1].Select(i => codes[i]).Array[0, 60].Sample(
            code =>
            {
                try
                {
                    Read([0x80, 2, .. code]);
                }
                catch (StepDistillException error)
                {
                    Assert.NotEmpty(error.Message);
                }
            },
            iter: 50_000);
    }

    private static object? Read(byte[] pickle) => TensorPickle.Read(new MemoryStream(pickle), "file.bin");

    private static string Refusal(byte[] pickle)
    {
        var error = Assert.Throws<StepDistillException>(() => Read(pickle));
        Assert.StartsWith("file.bin is", error.Message, StringComparison.Ordinal);
        return error.Message;
    }
}
