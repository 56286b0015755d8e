namespace StepDistill.Tasks;

/// <summary>The rows of one purpose: training, validation or test.</summary>
/// <param name="Name"><c>train</c>, <c>validation</c> or <c>test</c>.</param>
/// <param name="Source">Where the rows come from, for reports: a file, or a part of one.</param>
/// <param name="Read">Streams the rows anew each time it is called.</param>
public sealed record TaskSplit(string Name, string Source, Func<CancellationToken, IAsyncEnumerable<Example>> Read);
