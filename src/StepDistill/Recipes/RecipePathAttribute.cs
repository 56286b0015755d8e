namespace StepDistill.Recipes;

/// <summary>Marks a recipe's key that holds a path: relative ones start at the recipe's folder, those of overrides at the current one.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class RecipePathAttribute : Attribute
{
    /// <summary>Whether the value may also be a name, such as a hub's; then it is a path only where a folder of that name exists.</summary>
    public bool OrName { get; init; }

    /// <summary>Whether <c>#…</c> after the path names a place inside the file.</summary>
    public bool Inside { get; init; }
}
