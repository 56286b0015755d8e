using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace StepDistill.Serving.Http;

/// <summary>Compares the key of a request with those that are known, in a time that tells nothing about them.</summary>
/// <remarks>SHA-256 of both are compared, so neither the length of a key nor how much of it is right shows; and all keys are always compared.</remarks>
internal sealed class ApiKeys
{
    private const int LongestKey = 512;

    private readonly byte[][] _hashes;

    /// <summary>Creates the list.</summary>
    public ApiKeys(IEnumerable<string> keys) => _hashes = [.. keys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];

    /// <summary>Whether there is any key.</summary>
    public bool Any => _hashes.Length > 0;

    /// <summary>Whether a request shows one of them, as <c>Authorization: Bearer KEY</c> or <c>X-Api-Key: KEY</c>.</summary>
    public bool Knows(HttpRequest request) => Shown(request) is { Length: > 0 and <= LongestKey } key && Knows(key);

    private bool Knows(string key)
    {
        Span<byte> text = stackalloc byte[LongestKey * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(key, text)], hash);
        var known = false;
        foreach (var one in _hashes)
        {
            known |= CryptographicOperations.FixedTimeEquals(one, hash);
        }

        return known;
    }

    private static string? Shown(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        if (request.Headers["X-Api-Key"] is [{ } key])
        {
            return key;
        }

        return request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? header[Scheme.Length..].Trim()
            : null;
    }
}
