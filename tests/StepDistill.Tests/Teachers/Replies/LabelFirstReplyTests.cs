using CsCheck;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Tests.Teachers.Replies;

public sealed class LabelFirstReplyTests
{
    private static readonly Example Row = new() { Id = "1", Input = "Where?", Choices = ["pond", "bus stop", "oak tree"] };

    [Theory]
    [InlineData("nli", "plain", "neutral\nReasons: It is not said.", "neutral", "It is not said.")]
    [InlineData("nli", "plain", "Answer: neutral\nReasons: It is not said.", "neutral", "It is not said.")]
    [InlineData("nli", "plain", "**Answer:** Neutral\n\n**Reasons:** It is not said.", "neutral", "It is not said.")]
    [InlineData("nli", "plain", "The answer is neutral.\nIt is not said.", "neutral", "It is not said.")]
    [InlineData("nli", "plain", "Neutral. It is not said.", "neutral", "It is not said.")]
    [InlineData("nli", "plain", "neutral, because it is not said.", "neutral", "because it is not said.")]
    [InlineData("nli", "plain", "<think>contradiction?</think>neutral\nIt is not said.", "neutral", "It is not said.")]
    [InlineData("nli", "plain", "{\"label\": \"neutral\", \"rationale\": \"It is not said.\"}", "neutral", "It is not said.")]
    [InlineData("nli", "plain", "neutral", "neutral", null)]
    [InlineData("nli", "esnli-cot", " neutral\nReasons: Unsaid.\n\nPremise: A dog\nAnswer: entailment", "neutral", "Unsaid.")]
    [InlineData("cqa", "cqa-cot", "(b) bus stop\nReasons: Buses halt there.", "bus stop", "Buses halt there.")]
    [InlineData("cqa", "cqa-cot", "A: (b) bus stop. Buses halt there.\n\nQ: Where?", "bus stop", "Buses halt there.")]
    [InlineData("svamp", "svamp-cot", "(12 - 5)\nReasons: Five are gone. So the answer is 7.", "(12 - 5)", "Five are gone. So the answer is 7.")]
    [InlineData("svamp", "plain", "Answer: 12 - 5 pens\nReasons: Five are gone.", "12 - 5", "Five are gone.")]
    [InlineData("own", "plain", "Paris, France\nReasons: It is the capital.", "Paris, France", "It is the capital.")]
    public void The_label_is_read_first_and_reasons_after_it(string task, string format, string reply, string label, string? rationale)
    {
        var read = LabelFirstReply.Read(Spec(task), format, Row, reply, hitTokenLimit: false);
        Assert.Equal((AnnotationStatus.Ok, label, rationale, null), (read.Status, read.Label, read.Rationale, read.Fault));
    }

    [Theory]
    [InlineData("nli", "It is not said.\nAnswer: neutral", "neutral", "It is not said.")]
    [InlineData("nli", "Neutral words abound, but it is said.\nAnswer: entailment", "entailment", "Neutral words abound, but it is said.")]
    [InlineData("svamp", "8 dozen eggs are 96.\nAnswer: 96 - 5", "96 - 5", "8 dozen eggs are 96.")]
    public void A_teacher_that_gives_its_reasons_first_is_understood_too(string task, string reply, string label, string rationale)
    {
        var read = LabelFirstReply.Read(Spec(task), "plain", Row, reply, hitTokenLimit: false);
        Assert.Equal((label, rationale), (read.Label, read.Rationale));
    }

    [Theory]
    [InlineData("")]
    [InlineData("I would rather not say.")]
    [InlineData("Neutral words abound, and entailment too.")]
    [InlineData("Answer: perhaps\nReasons: Who knows?")]
    public void A_reply_without_a_label_is_unreadable(string reply)
    {
        var read = LabelFirstReply.Read(Spec("nli"), "plain", Row, reply, hitTokenLimit: false);
        Assert.Equal((AnnotationStatus.Unreadable, null), (read.Status, read.Label));
        Assert.NotNull(read.Fault);
    }

    [Theory]
    [InlineData("nli", "neutral\nReasons: It is not said. Nor is it den", AnnotationStatus.Ok, "It is not said.")]
    [InlineData("nli", "neutral\nReasons: It is not", AnnotationStatus.Ok, null)]
    [InlineData("nli", "Ans", AnnotationStatus.Truncated, null)]
    [InlineData("svamp", "(12 - 5", AnnotationStatus.Truncated, "(12 - 5")]
    [InlineData("svamp", "12", AnnotationStatus.Truncated, "12")]
    [InlineData("own", "Par", AnnotationStatus.Truncated, "Par")]
    public void Reasons_that_were_cut_keep_whole_sentences_and_a_cut_label_is_none(
        string task, string reply, AnnotationStatus status, string? rationale)
    {
        var read = LabelFirstReply.Read(Spec(task), "plain", Row, reply, hitTokenLimit: true);
        Assert.Equal(status, read.Status);
        Assert.True(status == AnnotationStatus.Truncated || rationale == read.Rationale);
    }

    [Fact]
    public void Any_reply_gives_a_label_that_the_task_allows_or_a_reason() => Gen.Select(
        Gen.OneOf("nli", "cqa", "svamp", "own"), Gen.Int[0, ReplyReader.Formats.Count - 1], ReplyPieces.Any, Gen.Bool)
        .Sample((name, format, text, cut) =>
        {
            var task = Spec(name);
            ReplyPieces.Check(task, Row, LabelFirstReply.Read(task, ReplyReader.Formats[format], Row, text, cut));
        }, iter: 20_000);

    private static TaskSpec Spec(string name) =>
        TaskCatalog.Find(name) ?? new TaskSpec { Name = name, Answer = AnswerKind.Text };
}
