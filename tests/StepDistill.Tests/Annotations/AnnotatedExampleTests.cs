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
    }
}
