namespace StepDistill.Recipes;

/// <summary>Marks a list that may also be written as its only item.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OneOrSeveralAttribute : Attribute;
