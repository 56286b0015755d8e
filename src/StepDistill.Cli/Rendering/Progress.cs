namespace StepDistill.Cli.Rendering;

/// <summary>How far some work is.</summary>
/// <param name="Done">Units that are done.</param>
/// <param name="Total">Units in all; 0 where that is not known.</param>
/// <param name="Detail">The numbers worth watching, such as <c>loss 1.93</c>; may be empty.</param>
internal sealed record Progress(long Done, long Total, string Detail = "");
