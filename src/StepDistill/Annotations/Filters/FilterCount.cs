namespace StepDistill.Annotations.Filters;

/// <summary>How many answers a filter has dropped for one reason.</summary>
/// <param name="Filter">The filter, one of <see cref="AnnotationFilters.Names"/>.</param>
/// <param name="Reason">Why, in words that fit after "left out because".</param>
/// <param name="Answers">Answers.</param>
public sealed record FilterCount(string Filter, string Reason, long Answers);
