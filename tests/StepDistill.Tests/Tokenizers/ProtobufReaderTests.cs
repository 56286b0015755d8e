using CsCheck;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed class ProtobufReaderTests
{
    [Fact]
    public void What_was_written_is_read() =>
        Gen.Select(Gen.Int[1, 536_870_911], Gen.Long, Gen.Float, Gen.Byte.Array[0, 9]).Sample(
            (field, number, real, bytes) =>
        {
            var reader = new ProtobufReader(
                new ProtobufWriter().Number(field, number).Float(field, real).Bytes(field, bytes).ToArray());

            Assert.True(reader.Next() && reader.Field == field);
            Assert.True(reader.TryNumber(out var readNumber) && readNumber == number);
            Assert.True(reader.Next() && reader.TryFloat(out var readReal) && readReal.Equals(real));
            Assert.True(reader.Next() && reader.TryBytes(out var readBytes) && readBytes.SequenceEqual(bytes));
            Assert.False(reader.Next());
        });

    [Fact]
    public void A_field_of_another_type_is_passed_over()
    {
        var reader = new ProtobufReader(new ProtobufWriter().Number(1, 5).Number(2, 7).ToArray());

        Assert.True(reader.Next() && !reader.TryBytes(out _));
        Assert.True(reader.Next() && reader.TryNumber(out var value) && value == 7);
    }

    [Theory]
    [InlineData("0A05", "5 bytes, but only 0 are left")]
    [InlineData("08FF", "in the middle of a number")]
    [InlineData("0000", "field 0")]
    [InlineData("0B", "wire type 3")]
    [InlineData("08FFFFFFFFFFFFFFFFFFFF01", "more than 64 bits")]
    public void Damage_is_described(string hexadecimal, string found) =>
        Assert.Contains(
            found,
            Assert.Throws<InvalidDataException>(() => ReadAll(Convert.FromHexString(hexadecimal))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Any_bytes_are_read_or_refused() => Gen.Byte.Array[0, 60].Sample(bytes =>
    {
        try
        {
            ReadAll(bytes);
        }
        catch (InvalidDataException)
        {
        }
    });

    private static void ReadAll(byte[] bytes)
    {
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            reader.Skip();
        }
    }
}
