namespace StepDistill.Files;

/// <summary>Reads small files that may in truth be large ones.</summary>
internal static class BoundedFile
{
    /// <summary>Reads a whole file, links followed, unless it is larger than anything that it could rightly be.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="what">What it should be, for the message, such as <c>a configuration</c>.</param>
    /// <exception cref="StepDistillException">It is larger.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static byte[] ReadAllBytes(string path, int limit, string what)
    {
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        if (length > limit)
        {
            throw new StepDistillException($"{path} has {length} bytes; {what} has at most {limit}.");
        }

        var bytes = new byte[length];
        return bytes[..RandomAccess.Read(file, bytes, 0)];
    }
}
