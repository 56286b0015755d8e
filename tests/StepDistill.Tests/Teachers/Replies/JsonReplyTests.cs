using System.Text.Json;
using CsCheck;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Tests.Teachers.Replies;

public sealed class JsonReplyTests
{
    private static readonly TaskSpec Nli = TaskCatalog.Find("nli")!;

    private static readonly Example Row = new() { Id = "1", Input = "Where?", Choices = ["pond", "bus stop"], Label = "neutral" };

    [Theory]
    [InlineData("nli", """{"rationale":"Unsaid.","label":"neutral"}""", "neutral", "Unsaid.")]
    [InlineData("nli", """{"label":"NEUTRAL","rationale":"Unsaid."}""", "neutral", "Unsaid.")]
    [InlineData("nli", "```json\n{\"rationale\":\"Unsaid.\",\"label\":\"neutral\"}\n```", "neutral", "Unsaid.")]
    [InlineData("nli", "<think>{\"label\":\"entailment\"}</think>\n{\"rationale\":\"Unsaid.\",\"label\":\"neutral\"}", "neutral", "Unsaid.")]
    [InlineData("nli", """{"confidence":{"of":[1]},"rationale":" Unsaid. ","label":"neutral"}""", "neutral", "Unsaid.")]
    [InlineData("nli", """{"label":"neutral"}""", "neutral", null)]
    [InlineData("nli", """{"rationale":"…","label":"neutral"}""", "neutral", null)]
    [InlineData("cqa", """{"rationale":"Buses.","label":"bus stop"}""", "bus stop", "Buses.")]
    [InlineData("cqa", """{"rationale":"Buses.","label":"(b) bus stop"}""", "bus stop", "Buses.")]
    [InlineData("svamp", """{"rationale":"Gone.","label":"(12 - 5)"}""", "(12 - 5)", "Gone.")]
    [InlineData("svamp", """{"rationale":"Gone.","label":7}""", "7", "Gone.")]
    public void An_object_gives_label_and_reasons(string task, string reply, string label, string? rationale)
    {
        var read = JsonReply.Read(TaskCatalog.Find(task)!, Row, reply, hitTokenLimit: false, isLabelGiven: false);
        Assert.Equal((AnnotationStatus.Ok, label, rationale, null), (read.Status, read.Label, read.Rationale, read.Fault));
    }

    [Theory]
    [InlineData("", "the reply is blank")]
    [InlineData("Unsaid.\nAnswer: neutral", "there is no JSON object; the reply starts with 'Unsaid.'")]
    [InlineData("""["neutral"]""", "there is no JSON object")]
    [InlineData("""{"label":"neutral","label":"entailment"}""", "the object has 'label' twice")]
    [InlineData("""{"rationale":"a","rationale":"b","label":"neutral"}""", "the object has 'rationale' twice")]
    [InlineData("""{"label":["neutral"]}""", "'label' is a list; it must be a string")]
    [InlineData("""{"label":null}""", "'label' is null; it must be a string")]
    [InlineData("""{"label":true}""", "'label' is true or false; it must be a string")]
    [InlineData("""{"rationale":{"label":"neutral"},"label":"neutral"}""", "'rationale' is an object; it must be a string")]
    [InlineData("""{"rationale":7,"label":"neutral"}""", "'rationale' is a number; it must be a string")]
    [InlineData("""{"rationale":"a"}""", "the object has no 'label'")]
    [InlineData("""{"Label":"neutral"}""", "the object has no 'label'")]
    [InlineData("""{"label":" "}""", "the object has no 'label'")]
    [InlineData("""{"label":"perhaps"}""", "the label 'perhaps' is not one that the task allows")]
    [InlineData("""{"label":"neutral"} or rather entailment""", "text follows the JSON object: 'or rather entailment'")]
    [InlineData("""{"label":"neutral"}{"label":"entailment"}""", "text follows the JSON object")]
    [InlineData("""{"label":"neutral",}""", "it is not JSON from byte")]
    [InlineData("""{"label":"neutral\ud800"}""", "it is not JSON from byte")]
    [InlineData("""{"label":"neutral""", "it is not JSON from byte")]
    [InlineData("""{'label':'neutral'}""", "it is not JSON from byte")]
    public void What_cannot_be_read_says_why(string reply, string fault)
    {
        var read = JsonReply.Read(Nli, Row, reply, hitTokenLimit: false, isLabelGiven: false);
        Assert.Equal((AnnotationStatus.Unreadable, null), (read.Status, read.Label));
        Assert.StartsWith($"No label can be read: {fault}", read.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", AnnotationStatus.Truncated)]
    [InlineData("{", AnnotationStatus.Truncated)]
    [InlineData("""{"rationale":"It is not sa""", AnnotationStatus.Truncated)]
    [InlineData("""{"rationale":"It is not said.","label":"neu""", AnnotationStatus.Truncated)]
    [InlineData("""{"rationale":"It is not said.","label":"neutral""", AnnotationStatus.Truncated)]
    [InlineData("{\"rationale\":\"It is not said.\",\"label\":\"neutral\"", AnnotationStatus.Ok)]
    [InlineData("""{"label":"neutral","rationale":"It is not sa""", AnnotationStatus.Ok)]
    [InlineData("""{"label":"neutral","rationale":"It is not said."}""", AnnotationStatus.Ok)]
    [InlineData("```json\n{\"rationale\":\"It is", AnnotationStatus.Truncated)]
    public void A_reply_that_was_cut_before_its_label_is_truncated(string reply, AnnotationStatus status) =>
        Assert.Equal(status, JsonReply.Read(Nli, Row, reply, hitTokenLimit: true, isLabelGiven: false).Status);

    [Fact]
    public void Reasons_for_a_given_label_need_no_label_but_reasons()
    {
        Assert.Equal(("neutral", "Unsaid."), Given("""{"rationale":"Unsaid."}"""));
        Assert.Equal((null, null), Given("""{"rationale":" "}"""));
        Assert.Equal((null, null), Given("{}"));

        static (string?, string?) Given(string reply)
        {
            var read = JsonReply.Read(Nli, Row, reply, hitTokenLimit: false, isLabelGiven: true);
            return (read.Label, read.Rationale);
        }
    }

    [Theory]
    [InlineData(10_000, "it is not JSON from byte")]
    [InlineData(JsonReply.MaxLength, "characters, more than the")]
    public void Depth_and_length_have_limits(int depth, string fault) => Assert.Contains(
        fault,
        JsonReply.Read(Nli, Row, $$"""{"x":{{new string('[', depth)}}""", hitTokenLimit: false, isLabelGiven: false).Fault,
        StringComparison.Ordinal);

    [Fact]
    public void Any_reply_gives_a_label_that_the_task_allows_or_a_reason() =>
        Gen.Select(Gen.OneOf("nli", "cqa", "svamp"), ReplyPieces.Any, Gen.Bool, Gen.Bool).Sample((name, text, cut, given) =>
        {
            var task = TaskCatalog.Find(given ? "nli" : name)!;
            ReplyPieces.Check(task, Row, JsonReply.Read(task, Row, text, cut, given));
        }, iter: 30_000);

    [Fact]
    public void What_a_serializer_writes_is_read_whole_and_cut_anywhere_it_is_never_another_label() =>
        Gen.Select(Gen.String, Gen.OneOf("neutral", "entailment", "contradiction"), Gen.Bool, Gen.Double[0, 1]).Sample((reasons, label, first, share) =>
        {
            var text = first
                ? JsonSerializer.Serialize(new { label, rationale = reasons })
                : JsonSerializer.Serialize(new { rationale = reasons, label });
            var whole = JsonReply.Read(Nli, Row, text, hitTokenLimit: false, isLabelGiven: false);
            Assert.Equal(label, whole.Label);

            var cut = JsonReply.Read(Nli, Row, text[..(int)(share * (text.Length - 1))], hitTokenLimit: true, isLabelGiven: false);
            Assert.True(cut.Label == label || (cut.Label is null && cut.Status == AnnotationStatus.Truncated));
        });
}
