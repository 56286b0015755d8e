using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Tests.Annotations;

public sealed class AnnotatedExampleTests
{
    [Fact]
    public async Task Each_row_finds_its_own_answer_whatever_the_order()
    {
        var stop = TestContext.Current.CancellationToken;
        var task = new TaskSpec { Name = "t", Answer = AnswerKind.Text };
        var teacher = new RecordedTeacher(task, "plain");
        var rows = Enumerable.Range(0, 2300).Select(i => new Example
        {
            Id = $"{i}", Input = "x", Recorded = new RecordedAnswer(null, null, $"answer {i}", null),
        }).ToList();
        using var store = new MemoryStore();
        foreach (var row in rows.Where((_, i) => i % 3 != 0).Reverse())
        {
            await store.AddAsync([await teacher.AnswerAsync(row, stop)], stop);
        }

        var joined = await AnnotatedExample.ReadAsync(rows.ToAsyncEnumerable(), teacher, store, stop).ToListAsync(stop);
        Assert.Equal(rows, joined.Select(pair => pair.Example));
        Assert.All(joined, pair => Assert.Equal(
            int.Parse(pair.Example.Id, System.Globalization.CultureInfo.InvariantCulture) % 3 == 0 ? null : $"answer {pair.Example.Id}",
            pair.Annotation?.Label));
        Assert.All(joined, pair => Assert.Equal([pair.Annotation], pair.Answers));
    }

    [Fact]
    public async Task Several_answers_stand_in_the_teachers_order_and_equal_ones_count_each()
    {
        var stop = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("stepdistill-");
        try
        {
            string[] files = [.. Enumerable.Range(0, 3).Select(number => Path.Combine(folder.FullName, $"{number}.jsonl"))];
            foreach (var (file, label) in files.Zip(["one", "two", "one"]))
            {
                await File.WriteAllTextAsync(file, $$"""{"id": "7", "teacher_label": "{{label}}"}""", stop);
            }

            var teacher = await RecordedTeacher.OpenAsync(
                new TaskSpec { Name = "t", Answer = AnswerKind.Text }, new() { Answers = files, Format = "plain" }, cancellation: stop);
            using var store = SqliteAnnotationStore.Open(Path.Combine(folder.FullName, "annotations.sqlite"));
            IAsyncEnumerable<Example> rows = new[] { new Example { Id = "7", Input = "x" }, new Example { Id = "8", Input = "y" } }.ToAsyncEnumerable();

            Assert.Equal([null, null, null], (await AnnotatedExample.ReadAsync(rows, teacher, store, stop).FirstAsync(stop)).Answers);
            var run = await new AnnotationRun(teacher, store, new() { Concurrency = 1 }).RunAsync(rows, stop);
            Assert.Equal((6, 3, 3), (run.Examples, run.Asked, run.Stored));        // equal answers, also none at all, are one annotation

            var joined = await AnnotatedExample.ReadAsync(rows, teacher, store, stop).ToListAsync(stop);
            Assert.Equal(["one", "two", "one"], joined[0].Answers.Select(answer => answer!.Label));
            Assert.Same(joined[0].Answers[0], joined[0].Annotation);
            Assert.Equal([0, 1, 0], joined[0].Answers.Select(answer => answer!.Sample));
            Assert.Equal(joined[0].Answers, joined[0].EachAnswer.Select(one => one.Annotation));
            Assert.All(joined[1].Answers, answer => Assert.Equal(AnnotationStatus.Failed, answer!.Status));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
