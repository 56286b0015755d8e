using System.Runtime.CompilerServices;
using System.Text.Json;

namespace StepDistill.Tasks.Releases;

/// <summary>Reads the raw rows of the release: a JSON object a line, or one list of objects.</summary>
internal static class ReleasedRows
{
    /// <summary>The largest list that is read, in bytes; lines may be as many as they are.</summary>
    private const int MaxList = 64 * 1024 * 1024;

    /// <summary>Streams a file's rows.</summary>
    /// <exception cref="StepDistillException">The file cannot be read, or rows in it are faulty.</exception>
    public static async IAsyncEnumerable<DataRow> ReadAsync(
        string path, RowFaults faults, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (StartsList(path))
        {
            foreach (var row in List(path, faults))
            {
                yield return row;
            }
        }
        else
        {
            await foreach (var row in DataFile.ReadAsync(path, faults, cancellation).ConfigureAwait(false))
            {
                yield return row;
            }
        }

        faults.ThrowIfAny();
    }

    private static bool StartsList(string path)
    {
        using var file = File.OpenRead(path);
        int first;
        do
        {
            first = file.ReadByte();
        }
        while (first is ' ' or '\t' or '\r' or '\n' && file.Position < 1024);
        return first == '[';
    }

    private static IEnumerable<DataRow> List(string path, RowFaults faults)
    {
        using var document = ReleasedJson.Parse(path, MaxList, "a list of rows");
        var number = 0L;
        foreach (var element in document.RootElement.EnumerateArray())
        {
            number++;
            Dictionary<string, string?>? columns = null;
            try
            {
                columns = element.ValueKind == JsonValueKind.Object ? JsonlRows.Columns(element) : null;
                if (columns is null)
                {
                    faults.Add(number, "it is no JSON object.");
                }
            }
            catch (FormatException e)
            {
                faults.Add(number, e.Message);
            }
            catch (InvalidOperationException)
            {
                faults.Add(number, @"a string in it holds half of a surrogate pair (\ud800 to \udfff), which is no text.");
            }

            if (columns is not null)
            {
                yield return new DataRow(number, columns);
            }
        }
    }
}
