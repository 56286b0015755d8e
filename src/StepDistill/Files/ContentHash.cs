using System.Security.Cryptography;
using System.Text;

namespace StepDistill.Files;

/// <summary>SHA-256 of text and files, as 64 lower-case hexadecimal digits.</summary>
public static class ContentHash
{
    /// <summary>Hashes parts so that no two different lists of parts have the same hash: each is preceded by its length.</summary>
    /// <param name="parts">The parts in order.</param>
    public static string Of(params IEnumerable<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.LongLength));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Hashes a file's bytes.</summary>
    /// <param name="path">The file.</param>
    public static string OfFile(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>A number in [0, 1) that depends on the text alone, evenly spread: for splits and shares by id.</summary>
    /// <param name="parts">What decides the number, such as a purpose and an id.</param>
    public static double Share(params IEnumerable<string> parts) =>
        Convert.ToUInt64(Of(parts)[..13], 16) / (double)(1UL << 52);
}
