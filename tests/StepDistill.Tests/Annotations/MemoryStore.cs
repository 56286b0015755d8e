using System.Runtime.CompilerServices;
using StepDistill.Annotations;

namespace StepDistill.Tests.Annotations;

/// <summary>A store for tests: keeps the store's promises in memory, and can be told to fail.</summary>
internal sealed class MemoryStore : IAnnotationStore
{
    private readonly Lock _lock = new();
    private readonly List<Annotation> _attempts = [];
    private readonly Dictionary<string, Annotation> _newest = new(StringComparer.Ordinal);

    /// <summary>Called before each addition; may throw.</summary>
    public Action<int>? BeforeAdding { get; set; }

    public IReadOnlyList<Annotation> Attempts
    {
        get
        {
            lock (_lock)
            {
                return [.. _attempts];
            }
        }
    }

    public async Task AddAsync(IReadOnlyCollection<Annotation> annotations, CancellationToken cancellation = default)
    {
        await Task.Yield();
        lock (_lock)
        {
            BeforeAdding?.Invoke(_attempts.Count);
            foreach (var one in annotations)
            {
                if (_newest.GetValueOrDefault(one.Key)?.Status != AnnotationStatus.Ok)
                {
                    _attempts.Add(one);
                    _newest[one.Key] = one;
                }
            }
        }
    }

    public async Task<IReadOnlyDictionary<string, Annotation>> FindAsync(
        IReadOnlyCollection<string> keys, CancellationToken cancellation = default)
    {
        await Task.Yield();
        lock (_lock)
        {
            return keys.Distinct().Where(_newest.ContainsKey).ToDictionary(key => key, key => _newest[key]);
        }
    }

    public async IAsyncEnumerable<Annotation> ReadAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Task.Yield();
        foreach (var group in Attempts.GroupBy(one => one.Key))
        {
            yield return group.Last();
        }
    }

    public void Dispose()
    {
    }
}
