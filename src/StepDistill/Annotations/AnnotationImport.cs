using System.Runtime.CompilerServices;
using StepDistill.Tasks;

namespace StepDistill.Annotations;

/// <summary>Adds the annotations of an exported file to a store.</summary>
public static class AnnotationImport
{
    /// <summary>Annotations stored in one transaction.</summary>
    private const int Batch = 1000;

    /// <summary>Reads a file twice: first to check every line, then to store. So a faulty file adds nothing.</summary>
    /// <param name="store">Where to add them.</param>
    /// <param name="path">The file that <see cref="AnnotationExport"/> wrote, compressed or not.</param>
    /// <param name="cancellation">Stops; what was stored by then stays, and the same import started again goes on.</param>
    /// <returns>Annotations in the file, and those of them that were new to the store.</returns>
    /// <exception cref="StepDistillException">
    /// The file cannot be read, or lines in it are no annotations: up to ten are named with line and reason.
    /// </exception>
    public static async Task<(long Read, long Added)> ReadAsync(
        IAnnotationStore store, string path, CancellationToken cancellation = default)
    {
        var read = await Annotations(path, cancellation).LongCountAsync(cancellation).ConfigureAwait(false);
        var added = 0L;
        await foreach (var chunk in Annotations(path, cancellation).Chunk(Batch).ConfigureAwait(false))
        {
            var stored = await store.FindAsync([.. chunk.Select(annotation => annotation.Key)], cancellation).ConfigureAwait(false);
            var fresh = chunk.Where(annotation => IsNew(annotation, stored.GetValueOrDefault(annotation.Key))).ToList();
            await store.AddAsync(fresh, cancellation).ConfigureAwait(false);
            added += fresh.Count;
        }

        return (read, added);
    }

    /// <summary>An answer is never replaced, and the same failure is not stored twice.</summary>
    private static bool IsNew(Annotation annotation, Annotation? stored) =>
        stored is null || (stored.Status != AnnotationStatus.Ok && stored != annotation);

    private static async IAsyncEnumerable<Annotation> Annotations(
        string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var faults = new RowFaults(path, DataFile.Unit(path));
        await foreach (var row in DataFile.ReadAsync(path, faults, cancellation).ConfigureAwait(false))
        {
            Annotation? annotation = null;
            try
            {
                annotation = AnnotationLine.Read(row);
            }
            catch (FormatException e)
            {
                faults.Add(row.Number, e.Message);
            }

            if (annotation is not null && !faults.Any)
            {
                yield return annotation;
            }
        }

        faults.ThrowIfAny();
    }
}
