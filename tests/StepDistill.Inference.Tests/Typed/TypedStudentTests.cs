using StepDistill.Inference.Typed;

namespace StepDistill.Inference.Tests.Typed;

public sealed class TypedStudentTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private enum Mood
    {
        Bad,
        Good,
    }

    [Fact]
    public void Answers_are_the_students_with_members_for_labels()
    {
        using var student = new FakeStudent();
        var typed = student.As<Mood>();

        var answers = typed.Classify([new("The sun shines."), new("Rain.")], withRationales: true, Stop);

        Assert.Equal([Mood.Good, Mood.Bad], answers.Select(answer => answer.Label));
        Assert.Equal([new(Mood.Good, 0.75), new(Mood.Bad, 0.25)], answers[0].Probabilities);
        Assert.Equal((0.75, 0.5, "Rain is wet."), (answers[0].Confidence, answers[0].Familiarity, answers[0].Rationale));
        Assert.Equal(5, answers[0].Untyped.InputTokens);
        Assert.All(student.Asked, asked => Assert.True(asked.WithRationales));
        Assert.Same(student, typed.Untyped);
    }

    [Fact]
    public void One_input_has_one_answer_and_no_reasons_unless_asked_for()
    {
        using var student = new FakeStudent();

        var answer = student.As<Mood>().Classify("Rain.", cancellation: Stop);

        Assert.Equal((Mood.Bad, null), (answer.Label, answer.Rationale));
        Assert.Equal("Rain.", Assert.Single(student.Asked).Question.Input);
    }

    [Fact]
    public void An_enum_that_does_not_fit_is_refused_when_it_is_named_not_when_it_is_asked()
    {
        using var student = new FakeStudent();

        Assert.Throws<StepDistillException>(student.As<DayOfWeek>);
    }
}
