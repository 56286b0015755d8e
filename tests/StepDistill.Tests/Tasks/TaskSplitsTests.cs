using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Tests.Tasks;

public sealed class TaskSplitsTests : IDisposable
{
    private static readonly TaskSpec Own = TaskSpec.From(new TaskSection { Name = "own", Answer = "text" });

    private readonly string folder = Directory.CreateTempSubdirectory("splits").FullName;

    public TaskSplitsTests()
    {
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        Write("data/train.jsonl", Enumerable.Range(0, 500));
        Write("data/valid.jsonl", [1000, 1001]);
        Write("data/test.jsonl", [2000]);
        File.WriteAllText(Path.Combine(folder, "data", "rows.json"), """{"own": {"valid": [3, 0, 499], "bad": [1, -1], "far": [500], "text": "x"}}""");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Files_of_their_own_are_taken_whole()
    {
        var splits = Open(new() { Name = "own", Train = "data/train.jsonl", Validation = "data/valid.jsonl", Test = "data/test.jsonl" });
        Assert.Equal((500, 2, 1), ((await Ids(splits.Train)).Count, (await Ids(splits.Validation!)).Count, (await Ids(splits.Test!)).Count));
        Assert.Equal(["train", "validation", "test"], splits.All.Select(split => split.Name));
        Assert.EndsWith("valid.jsonl", splits.Validation!.Source, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_numbers_part_the_training_rows()
    {
        var splits = Open(new() { Name = "own", Train = "data/train.jsonl", ValidationRows = "data/rows.json#own.valid" });
        Assert.Equal(["0", "3", "499"], await Ids(splits.Validation!));
        var train = await Ids(splits.Train);
        Assert.Equal(497, train.Count);
        Assert.Empty(train.Intersect(await Ids(splits.Validation!)));
        Assert.Null(splits.Test);
    }

    [Fact]
    public async Task A_share_by_hash_parts_the_training_rows_and_stays_when_rows_are_added()
    {
        TaskSection section = new() { Name = "own", Train = "data/train.jsonl", ValidationShare = 0.2 };
        var before = await Ids(Open(section).Validation!);
        Assert.InRange(before.Count, 70, 130);
        Assert.Equal(500, (await Ids(Open(section).Train)).Union(before).Count());
        Assert.Empty((await Ids(Open(section).Train)).Intersect(before));

        Write("data/train.jsonl", Enumerable.Range(0, 600).Reverse());
        Assert.Empty(before.Except(await Ids(Open(section).Validation!)));
    }

    [Fact]
    public void A_share_of_zero_leaves_no_validation_rows() =>
        Assert.Null(Open(new() { Name = "own", Train = "data/train.jsonl", ValidationShare = 0 }).Validation);

    [Fact]
    public async Task Smaller_fractions_lie_inside_larger_ones()
    {
        var train = Open(new() { Name = "own", Train = "data/train.jsonl", ValidationShare = 0 }).Train;
        var shares = new List<List<string>>();
        foreach (var fraction in new[] { 0.125, 0.5, 1 })
        {
            shares.Add(await Ids(train with { Read = stop => TaskSplits.Fraction(train.Read(stop), fraction) }));
        }

        Assert.InRange(shares[0].Count, 35, 95);
        Assert.InRange(shares[1].Count, 200, 300);
        Assert.Equal(500, shares[2].Count);
        Assert.Empty(shares[0].Except(shares[1]));
    }

    [Fact]
    public void What_is_missing_is_named_with_its_key_and_place()
    {
        Assert.Contains("task.train is missing", Fault(new() { Name = "own" }), StringComparison.Ordinal);
        Assert.Contains("task.train names " + Path.Combine(folder, "none.jsonl"), Fault(new() { Name = "own", Train = "none.jsonl" }), StringComparison.Ordinal);
        Assert.Contains("task.test names", Fault(new() { Name = "own", Train = "data/train.jsonl", Test = "none.jsonl" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data/none.json#own.valid", "cannot be read")]
    [InlineData("data/train.jsonl#own", "cannot be read")]
    [InlineData("data/rows.json#own.tests", "has no key 'tests'")]
    [InlineData("data/rows.json#own.valid.more", "has no key 'more'")]
    [InlineData("data/rows.json#own.text", "is not a JSON list of row numbers")]
    [InlineData("data/rows.json#own.bad", "holds -1")]
    public void Faulty_row_numbers_are_told(string reference, string reason) =>
        Assert.Contains(reason, Fault(new() { Name = "own", Train = "data/train.jsonl", ValidationRows = reference }), StringComparison.Ordinal);

    [Fact]
    public async Task Row_numbers_of_another_file_are_noticed()
    {
        var splits = Open(new() { Name = "own", Train = "data/train.jsonl", ValidationRows = "data/rows.json#own.far" });
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => Ids(splits.Validation!));
        Assert.Contains("numbers the row 500, but", fault.Message, StringComparison.Ordinal);
    }

    private TaskSplits Open(TaskSection section) => TaskSplits.Open(Own, section, folder);

    private string Fault(TaskSection section) => Assert.Throws<StepDistillException>(() => Open(section)).Message;

    private static async Task<List<string>> Ids(TaskSplit split) =>
        await split.Read(TestContext.Current.CancellationToken).Select(example => example.Id)
            .ToListAsync(TestContext.Current.CancellationToken);

    private void Write(string name, IEnumerable<int> ids) => File.WriteAllLines(
        Path.Combine(folder, name), ids.Select(id => $"{{\"id\": \"{id}\", \"input\": \"text {id}\", \"label\": \"y\"}}"));
}
