namespace StepDistill.Annotations;

/// <summary>Keeps annotations by content key. It only ever grows.</summary>
/// <remarks>Safe for use by several threads at once.</remarks>
public interface IAnnotationStore : IDisposable
{
    /// <summary>Adds annotations. When the task completes they survive the loss of the process and of power.</summary>
    /// <param name="annotations">
    /// What to add. A key that is stored with status Ok stays as it is; one stored with another status gets a further
    /// attempt, and the newest attempt is what <see cref="FindAsync"/> and <see cref="ReadAsync"/> give.
    /// </param>
    /// <param name="cancellation">Stops before anything of this call is written, or not at all.</param>
    Task AddAsync(IReadOnlyCollection<Annotation> annotations, CancellationToken cancellation = default);

    /// <summary>Finds the newest attempt for each key that is stored; keys that are not are absent from the result.</summary>
    /// <param name="keys">Content keys.</param>
    /// <param name="cancellation">Stops the search.</param>
    Task<IReadOnlyDictionary<string, Annotation>> FindAsync(
        IReadOnlyCollection<string> keys, CancellationToken cancellation = default);

    /// <summary>Streams the newest attempt of every key, in the order in which keys were first stored.</summary>
    /// <param name="cancellation">Stops the stream.</param>
    IAsyncEnumerable<Annotation> ReadAsync(CancellationToken cancellation = default);
}
