using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Tests.Annotations;

public sealed class TeacherVoteTests
{
    private static readonly TaskSpec Sums = new() { Name = "sums", Answer = AnswerKind.Equation };

    [Theory]
    [InlineData("(1 + 2)|(3)|(4)", "(1 + 2)", 2, 3)]        // equal by value
    [InlineData("(4)|(3)|(1 + 2)", "(3)", 2, 3)]
    [InlineData("(4)|(3)", "(4)", 1, 2)]                    // the earliest of equals
    [InlineData("-|(3)|-", "(3)", 1, 1)]
    public void Most_answers_win(string labels, string label, int agreeing, int answers)
    {
        var vote = TeacherVote.Of(Sums, new Example { Id = "1", Input = "i" }, labels.Split('|').Select(Answer));

        Assert.Equal(new TeacherVote(label, agreeing, answers), vote);
        Assert.Equal((double)agreeing / answers, vote!.Agreement);
    }

    [Fact]
    public void Without_a_readable_answer_there_is_no_vote() =>
        Assert.Null(TeacherVote.Of(Sums, new Example { Id = "1", Input = "i" }, [Answer("-")]));

    private static Annotation Answer(string label) => new()
    {
        Key = "k", ExampleId = "1", Teacher = "t", Reply = "",
        Status = label == "-" ? AnnotationStatus.Unreadable : AnnotationStatus.Ok,
        Label = label == "-" ? null : label,
    };
}
