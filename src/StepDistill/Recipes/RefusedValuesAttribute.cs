namespace StepDistill.Recipes;

/// <summary>Values that one might well write under a key, and why they are refused: a list of what is allowed would not say it.</summary>
/// <param name="because">Why, as a sentence without its full stop.</param>
/// <param name="values">What is refused, in any case of its letters.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class RefusedValuesAttribute(string because, params string[] values) : Attribute
{
    /// <summary>Why, as a sentence without its full stop.</summary>
    public string Because { get; } = because;

    /// <summary>What is refused, in any case of its letters.</summary>
    public IReadOnlyList<string> Values { get; } = values;
}
