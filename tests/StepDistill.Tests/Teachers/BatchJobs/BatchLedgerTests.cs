using Microsoft.Data.Sqlite;
using StepDistill.Files;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Tests.Teachers.BatchJobs;

public sealed class BatchLedgerTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] Keys = [.. Enumerable.Range(0, 3).Select(number => ContentHash.Of($"{number}"))];

    private readonly string _folder = Directory.CreateTempSubdirectory("stepdistill-").FullName;

    private string File => Path.Combine(_folder, "inner", "batches.sqlite");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Everything_outlives_the_process()
    {
        using (var first = BatchLedger.Open(File))
        {
            var number = first.Make("tag", "server", Keys, 77, Noon);
            first.Uploaded(number, "file");
            first.Asking(number, Noon.AddSeconds(1));
            first.Heard(number, new BatchJob { Id = "b", State = BatchState.InProgress, Completed = 2, Failed = 1, Expires = Noon.AddDays(1) });
        }

        using var again = BatchLedger.Open(File);
        Assert.Equal(
            new BatchRecord
            {
                Number = 1, Tag = "tag", InputFile = "file", Id = "b", State = BatchState.InProgress, Requests = 3, Completed = 2,
                Failed = 1, Tokens = 77, Made = Noon, Asked = Noon.AddSeconds(1), Expires = Noon.AddDays(1),
            },
            Assert.Single(again.OpenBatches("server")));
        Assert.Empty(again.OpenBatches("another"));
        Assert.Equal(Keys.Take(2).Order(), again.Find([Keys[0], Keys[1], Keys[1], ContentHash.Of("x")]).Keys.Order());
        Assert.Equal((3L, 2L), (again.Questions, again.NextNumber));
    }

    [Fact]
    public void A_question_is_in_one_batch_at_a_time()
    {
        using var ledger = BatchLedger.Open(File);
        ledger.Make("one", "server", Keys, 1, Noon);

        Assert.Throws<StepDistillException>(() => ledger.Make("two", "server", [ContentHash.Of("x"), Keys[2]], 1, Noon));
        Assert.Single(ledger.OpenBatches("server"));        // nothing of the second is left
        Assert.Empty(ledger.Find([ContentHash.Of("x")]));
    }

    [Fact]
    public void The_first_good_answer_stays_and_strangers_are_counted()
    {
        using var ledger = BatchLedger.Open(File);
        var number = ledger.Make("tag", "server", Keys, 1, Noon);

        Assert.Equal(1, ledger.Keep(number,
        [
            new(Keys[0], 500, null, "down"), new(Keys[0], 200, "{}", null), new(Keys[0], 200, """{"late":1}""", null),
            new(Keys[0], 400, null, "late"), new(ContentHash.Of("x"), 200, "{}", null),
            new(Keys[1], BatchReply.NotAsked, null, "expired"),
        ]));

        Assert.Equal(new BatchReply(Keys[0], 200, "{}", null), ledger.Find([Keys[0]])[Keys[0]].Reply);
        Assert.Equal((1L, 1L), ledger.Count(number));
    }

    [Fact]
    public void Closing_lets_go_of_what_was_not_asked_and_says_so_of_what_was_lost()
    {
        using var ledger = BatchLedger.Open(File);
        var number = ledger.Make("tag", "server", Keys, 1, Noon);
        ledger.Keep(number, [new(Keys[0], 200, "{}", null), new(Keys[1], BatchReply.NotAsked, null, "expired")]);

        Assert.Equal(1, ledger.Close(number, Noon.AddHours(1), "lost"));

        var left = ledger.Find(Keys);
        Assert.Equal([Keys[0], Keys[2]], Keys.Where(left.ContainsKey));
        Assert.Equal((0, "lost", Noon.AddHours(1)), (left[Keys[2]].Reply!.Status, left[Keys[2]].Reply!.Fault!, left[Keys[2]].Received!.Value));
        Assert.Equal((0, 2L), (ledger.OpenBatches("server").Count, ledger.CountUnclaimed("server")));

        ledger.Release([Keys[0], Keys[2]]);
        Assert.Equal(0, ledger.Questions);
        ledger.Make("again", "server", Keys, 1, Noon);      // and may be asked anew
    }

    [Fact]
    public void What_was_never_accepted_is_forgotten_whole()
    {
        using var ledger = BatchLedger.Open(File);
        ledger.Drop(ledger.Make("tag", "server", Keys, 1, Noon));

        Assert.Equal((0L, 0), (ledger.Questions, ledger.OpenBatches("server").Count));
    }

    [Fact]
    public void Another_programs_database_is_left_alone()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        using (var other = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            other.Open();
            using var command = other.CreateCommand();
            command.CommandText = "CREATE TABLE birds (name TEXT)";
            command.ExecuteNonQuery();
        }

        Assert.Contains("a database of another program", Assert.Throws<StepDistillException>(() => BatchLedger.Open(File)).Message, StringComparison.Ordinal);
        Assert.Null(BatchLedger.OpenIfThere(Path.Combine(_folder, "none")));
    }
}
