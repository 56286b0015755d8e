namespace StepDistill.Tokenizers;

/// <summary>A text for which a tokenizer does not give the ids of a reference.</summary>
/// <param name="Line">The reference's line, from 1.</param>
/// <param name="Text">The text.</param>
/// <param name="Expected">The reference's ids.</param>
/// <param name="Found">The tokenizer's ids.</param>
public sealed record TokenizerDifference(int Line, string Text, IReadOnlyList<int> Expected, IReadOnlyList<int> Found);
