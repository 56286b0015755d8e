using System.Runtime.CompilerServices;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Annotations;

/// <summary>An example with what a teacher said about it.</summary>
/// <param name="Example">The example.</param>
/// <param name="Annotation">The newest answer, or null where the store holds none.</param>
public sealed record AnnotatedExample(Example Example, Annotation? Annotation)
{
    /// <summary>Keys looked up at a time: enough to make a look-up's cost small beside its rows'.</summary>
    private const int Chunk = 1000;

    /// <summary>Sets each example beside its annotation, found by the teacher's key for it. Memory does not grow with the rows.</summary>
    /// <param name="examples">The examples; their order is kept.</param>
    /// <param name="teacher">Whose annotations; nobody is asked.</param>
    /// <param name="store">Where they are.</param>
    /// <param name="cancellation">Stops the stream.</param>
    public static async IAsyncEnumerable<AnnotatedExample> ReadAsync(
        IAsyncEnumerable<Example> examples, ITeacher teacher, IAnnotationStore store,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var chunk in examples.Chunk(Chunk).WithCancellation(cancellation).ConfigureAwait(false))
        {
            var keys = Array.ConvertAll(chunk, example => teacher.CanAnswer(example) ? teacher.KeyOf(example) : null);
            var found = await store.FindAsync([.. keys.OfType<string>()], cancellation).ConfigureAwait(false);
            for (var i = 0; i < chunk.Length; i++)
            {
                yield return new AnnotatedExample(chunk[i], keys[i] is { } key ? found.GetValueOrDefault(key) : null);
            }
        }
    }
}
