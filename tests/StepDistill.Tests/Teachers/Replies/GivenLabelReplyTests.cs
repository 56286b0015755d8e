using CsCheck;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Tests.Teachers.Replies;

public sealed class GivenLabelReplyTests
{
    private static readonly TaskSpec Nli = TaskCatalog.Find("nli")!;

    private static readonly Example Row = new() { Id = "1", Input = "a</s>b", Label = "Neutral" };

    [Theory]
    [InlineData("It is not said.", "It is not said.")]
    [InlineData("Reasons: It is not said.", "It is not said.")]
    [InlineData("It is not said. So the answer is neutral.", "It is not said.")]
    [InlineData("Answer: neutral\nReasons: It is not said.", "It is not said.")]
    [InlineData("The answer is neutral because it is not said.", "The answer is neutral because it is not said.")]
    [InlineData("The answer is contradiction only if it is denied, and it is not.", "The answer is contradiction only if it is denied, and it is not.")]
    public void Reasons_are_read_and_the_label_is_the_given_one(string reply, string rationale)
    {
        var read = Read(reply);
        Assert.Equal((AnnotationStatus.Ok, "neutral", rationale, null), (read.Status, read.Label, read.Rationale, read.Fault));
    }

    [Fact]
    public void Reasons_that_end_in_another_label_are_for_that_one()
    {
        var read = Read("It is denied. So the answer is contradiction.");
        Assert.Equal((AnnotationStatus.Unreadable, null), (read.Status, read.Label));
        Assert.Equal("The reasons are for another label, 'contradiction', than the 'neutral' that was given.", read.Fault);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n ")]
    [InlineData("…")]
    [InlineData("Answer: neutral")]
    public void Without_reasons_there_is_no_annotation(string reply) => Assert.Equal(AnnotationStatus.Unreadable, Read(reply).Status);

    [Fact]
    public void Reasons_that_were_cut_are_truncated()
    {
        var read = GivenLabelReply.Read(Nli, "plain", Row, "It is not said. Nor is it den", hitTokenLimit: true);
        Assert.Equal((AnnotationStatus.Truncated, null, "It is not said."), (read.Status, read.Label, read.Rationale));
    }

    [Fact]
    public void Where_any_text_is_a_label_none_is_looked_for() => Assert.Equal(
        "It is the capital. The answer is Paris because of that.",
        GivenLabelReply.Read(
            new TaskSpec { Name = "own", Answer = AnswerKind.Text }, "plain", Row with { Label = "Paris" },
            "It is the capital. The answer is Paris because of that.", hitTokenLimit: false).Rationale);

    [Fact]
    public void Any_reply_gives_the_given_label_with_reasons_or_a_reason_why_not() =>
        Gen.Select(Gen.Int[0, ReplyReader.Formats.Count - 1], ReplyPieces.Any, Gen.Bool).Sample((format, text, cut) =>
        {
            var read = GivenLabelReply.Read(Nli, ReplyReader.Formats[format], Row, text, cut);
            ReplyPieces.Check(Nli, Row, read);
            Assert.Equal(read.Label, read.Status == AnnotationStatus.Ok ? "neutral" : null);
            Assert.False(read.Status == AnnotationStatus.Ok && read.Rationale is null);
        }, iter: 20_000);

    private static Reply Read(string reply) => GivenLabelReply.Read(Nli, "plain", Row, reply, hitTokenLimit: false);
}
