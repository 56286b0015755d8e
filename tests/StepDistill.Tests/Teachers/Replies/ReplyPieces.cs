using CsCheck;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Tests.Teachers.Replies;

/// <summary>Replies that no teacher means: any text, and pieces of real ones in any order.</summary>
internal static class ReplyPieces
{
    private static readonly string[] Pieces =
    [
        "Answer: ", "So the answer is ", "Reasons:", "Rationale: ", "neutral", "entailment", "(b) ", "bus stop", "pond", "12", " - 5", "(", ")",
        ". ", ", because ", "\n", "\n\nQ:", "\n\nPremise:", "\nQuestion:", "A:", "<think>", "</think>", "```json\n", "```", "{", "}", "[", "]",
        "\"label\"", "\"rationale\"", "\"label\":\"neutral\"", "\"rationale\":\"Sun.\"", ":", ",", "\"", "\\", "\\ud800", "\\u0000", "null", "true", "1e9",
        "\ud800", "\0", "\ufeff", " ", "x", "\"x\":{\"y\":[1,2]}", "/* */", "label", "'",
    ];

    public static Gen<string> Any { get; } = Gen.OneOf(
        Gen.String,
        Gen.Int[0, Pieces.Length - 1].Array[0, 14].Select(pieces => string.Concat(pieces.Select(piece => Pieces[piece]))),
        Gen.Int[0, Pieces.Length - 1].Array[0, 10].Select(pieces => "{" + string.Concat(pieces.Select(piece => Pieces[piece])) + "}"));

    /// <summary>What holds for every reading of every reply.</summary>
    public static void Check(TaskSpec task, Example example, Reply read)
    {
        Assert.Equal(read.Status == AnnotationStatus.Ok, read.Label is not null);
        Assert.Equal(read.Status == AnnotationStatus.Ok, read.Fault is null);
        Assert.True(read.Rationale is null || !string.IsNullOrWhiteSpace(read.Rationale));
        Assert.True(read.Fault is null or { Length: < 300 } && read.Fault?.Contains('\n') != true);
        if (read.Label is { } label)
        {
            Assert.Equal(label, task.Canonical(example, label));
        }
    }
}
