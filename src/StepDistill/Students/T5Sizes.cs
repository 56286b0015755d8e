using StepDistill.Recipes;

namespace StepDistill.Students;

/// <summary>Sizes by name, for students that start from random weights.</summary>
/// <remarks>
/// Small to xxl are the published ones of T5 v1.1: google-research/t5x, <c>t5x/examples/t5/t5_1_1/*.gin</c>. Nano, tiny
/// and mini are ours: nano for the quickstart, tiny for tests, mini for tasks of a narrow vocabulary on two cores.
/// Parameters without embeddings: nano 0.03 million, tiny 0.7, mini 7.1, small 44, base 198, large 717, xl 2,718, xxl 10,872.
/// </remarks>
public static class T5Sizes
{
    private static readonly (string Name, T5Config Config)[] All =
    [
        ("t5-v1_1-nano", Sized(width: 32, heads: 4, headWidth: 8, feedForward: 64, blocks: 1)),
        ("t5-v1_1-tiny", Sized(width: 96, heads: 4, headWidth: 24, feedForward: 192, blocks: 3)),
        ("t5-v1_1-mini", Sized(width: 256, heads: 4, headWidth: 64, feedForward: 640, blocks: 4)),
        ("t5-v1_1-small", Sized(width: 512, heads: 6, headWidth: 64, feedForward: 1024, blocks: 8)),
        ("t5-v1_1-base", Sized(width: 768, heads: 12, headWidth: 64, feedForward: 2048, blocks: 12)),
        ("t5-v1_1-large", Sized(width: 1024, heads: 16, headWidth: 64, feedForward: 2816, blocks: 24)),
        ("t5-v1_1-xl", Sized(width: 2048, heads: 32, headWidth: 64, feedForward: 5120, blocks: 24)),
        ("t5-v1_1-xxl", Sized(width: 4096, heads: 64, headWidth: 64, feedForward: 10_240, blocks: 24)),
    ];

    /// <summary>The name of the sizes that a student from random weights has where its recipe names none.</summary>
    public const string Default = "t5-v1_1-mini";

    /// <summary>Every name, smallest first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(size => size.Name)];

    /// <summary>The sizes of a name, with T5's own vocabulary of 32,128 rows; another goes in with <c>with</c>.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="StepDistillException">There is no such name; the message gives the nearest.</exception>
    public static T5Config Named(string name) =>
        All.FirstOrDefault(size => size.Name == name).Config ?? throw new StepDistillException(
            $"There are no sizes of the name '{name}'. Did you mean {Names.MinBy(known => NearestName.Distance(name, known))}?"
            + $" Known are {string.Join(", ", Names)}. Published weights go into student.from instead.");

    private static T5Config Sized(int width, int heads, int headWidth, int feedForward, int blocks) => new()
    {
        Width = width,
        Heads = heads,
        HeadWidth = headWidth,
        FeedForwardWidth = feedForward,
        EncoderBlocks = blocks,
        DecoderBlocks = blocks,
    };
}
