namespace StepDistill.Recipes;

/// <summary>A recipe cannot be used; the message lists everything wrong with it at once.</summary>
public sealed class RecipeException : StepDistillException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="source">Where the recipe came from, usually a path.</param>
    /// <param name="faults">One sentence for each thing that is wrong.</param>
    public RecipeException(string source, IReadOnlyList<string> faults)
        : base(string.Join($"{Environment.NewLine}  - ", [$"The recipe {source} cannot be used:", .. faults]))
        => Faults = faults;

    /// <summary>One sentence for each thing that is wrong.</summary>
    public IReadOnlyList<string> Faults { get; }
}
