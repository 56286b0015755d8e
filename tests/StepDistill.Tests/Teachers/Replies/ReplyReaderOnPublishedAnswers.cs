using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;
using StepDistill.Tests.Tasks;

namespace StepDistill.Tests.Teachers.Replies;

/// <summary>The reader against PaLM 540B's published answers.</summary>
public sealed class ReplyReaderOnPublishedAnswers(ITestOutputHelper output)
{
    [Theory]
    [InlineData("cqa", "cqa-cot", "cqa_train.jsonl.gz", 9741, 75.39)]
    [InlineData("svamp", "svamp-cot", "svamp_train.jsonl", 800, 74.25)]
    [InlineData("nli", "anli-cot", "anli1_train.jsonl.gz", 1000, 76.10)]
    [InlineData("nli", "anli-cot", "anli1_valid.jsonl", 1000, 67.50)]
    [InlineData("nli", "esnli-cot", "esnli_train_labelled.jsonl.gz", 15389, 70.15)]
    [InlineData("nli", "esnli-cot", "esnli_valid.jsonl.gz", 9842, 73.17)]
    public async Task The_teacher_is_at_least_as_right_as_a_careful_reader_finds(
        string name, string format, string file, int gold, double careful)
    {
        var path = SharedData.Require(file);
        var task = TaskSpec.From(new TaskSection { Name = name });
        var (rows, correct, readable, wholly) = (0, 0, 0, 0);
        await foreach (var example in ExampleReader.ReadAsync(task, path, TestContext.Current.CancellationToken))
        {
            var reply = ReplyReader.Read(task, format, example, example.Recorded!.Completion!);
            wholly++;
            readable += reply.Status == AnnotationStatus.Ok ? 1 : 0;
            rows += example.Label is null ? 0 : 1;
            correct += reply.Label is { } label && task.IsCorrect(example, label) ? 1 : 0;
        }

        output.WriteLine($"{file}: {correct} of {rows}, {100.0 * correct / rows:F2} %; readable {readable} of {wholly}");
        Assert.Equal(gold, rows);
        Assert.True(Math.Round(100.0 * correct / rows, 2) >= careful, $"{correct} of {rows}");
    }
}
