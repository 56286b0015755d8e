using StepDistill.Inference.Confidence;

namespace StepDistill.Inference.Tests.Confidence;

public sealed class MeasuredStudentTests
{
    [Fact]
    public void Times_are_those_that_so_many_answers_are_not_above()
    {
        Assert.Equal(new AnswerTimes(50, 95, 99), AnswerTimes.Of(Enumerable.Range(1, 100).Reverse().Select(i => (double)i)));
        Assert.Equal(new AnswerTimes(7, 7, 7), AnswerTimes.Of([7]));
    }
}
