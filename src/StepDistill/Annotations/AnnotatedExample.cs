using System.Runtime.CompilerServices;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Annotations;

/// <summary>An example with what a teacher said about it.</summary>
/// <param name="Example">The example.</param>
/// <param name="Annotation">The newest answer, or null where the store holds none; of several, the first.</param>
public sealed record AnnotatedExample(Example Example, Annotation? Annotation)
{
    /// <summary>The newest attempt of each of the teacher's several answers, in their order; null where the store holds none.</summary>
    public IReadOnlyList<Annotation?> Answers { get; init; } = [Annotation];

    /// <summary>The same example once with each of its answers.</summary>
    public IEnumerable<AnnotatedExample> EachAnswer => Answers.Select(answer => new AnnotatedExample(Example, answer));

    /// <summary>Keys looked up at a time: enough to make a look-up's cost small beside its rows'.</summary>
    private const int Chunk = 1000;

    /// <summary>Sets each example beside its annotations, found by the teacher's keys for it. Memory does not grow with the rows.</summary>
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
            var keys = Array.ConvertAll(chunk, example => teacher.Answers
                .Select(one => one.CanAnswer(example) ? one.KeyOf(example) : null).ToArray());
            var found = await store.FindAsync([.. keys.SelectMany(of => of).OfType<string>()], cancellation).ConfigureAwait(false);
            for (var i = 0; i < chunk.Length; i++)
            {
                var answers = Array.ConvertAll(keys[i], key => key is null ? null : found.GetValueOrDefault(key));
                yield return new AnnotatedExample(chunk[i], answers[0]) { Answers = answers };
            }
        }
    }
}
