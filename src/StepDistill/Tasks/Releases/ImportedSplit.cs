namespace StepDistill.Tasks.Releases;

/// <summary>A split that was brought over from the release.</summary>
/// <param name="Name"><c>train</c>, <c>validation</c> or <c>test</c>.</param>
/// <param name="Path">The file of its rows.</param>
/// <param name="Rows">How many there are.</param>
/// <param name="Answers">Those of them that have a teacher's answer.</param>
public sealed record ImportedSplit(string Name, string Path, int Rows, int Answers);
