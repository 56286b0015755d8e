using System.IO.Compression;
using CsCheck;
using StepDistill.Tasks;

namespace StepDistill.Tests.Tasks;

public sealed class WholeGzipStreamTests
{
    [Fact]
    public void What_was_packed_comes_back_in_one_member_or_several() =>
        Gen.Byte.Array[0, 5000].Array[1, 4].Sample(members =>
            Assert.Equal(members.SelectMany(member => member), Unpack([.. members.SelectMany(Pack)])), iter: 200);

    [Fact]
    public void Cut_anywhere_it_is_never_taken_for_whole() =>
        Gen.Select(Gen.Byte.Array[0, 3000], Gen.Double.Unit).Sample((content, part) =>
        {
            var packed = Pack(content);
            var cut = packed[..(int)(packed.Length * part)];

            // Cut to nothing, no gzip data is left that could be incomplete; the reader refuses an empty file before.
            if (cut.Length > 0)
            {
                Assert.Throws<InvalidDataException>(() => Unpack(cut));
            }
        }, iter: 2000);

    private static byte[] Unpack(byte[] packed)
    {
        using var stream = new WholeGzipStream(new MemoryStream(packed));
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static byte[] Pack(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return memory.ToArray();
    }
}
