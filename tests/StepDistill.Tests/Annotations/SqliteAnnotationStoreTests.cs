using System.Globalization;
using CsCheck;
using Microsoft.Data.Sqlite;
using StepDistill.Annotations;

namespace StepDistill.Tests.Annotations;

public sealed class SqliteAnnotationStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("annotations-").FullName;

    private string File => Path.Combine(_folder, "annotations.db");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_was_added_is_there_after_closing_and_opening()
    {
        var rows = Enumerable.Range(0, 2500).Select(number => StoreFiller.Row("a", number)).ToList();
        using (var store = SqliteAnnotationStore.Open(File))
        {
            await store.AddAsync(rows, Stop);
        }

        using var again = SqliteAnnotationStore.Open(File);
        Assert.Equal(rows.Select(Stamped), await again.ReadAsync(Stop).Select(Stamped).ToListAsync(Stop));
        var found = await again.FindAsync([Key("a-7"), Key("a-2499"), Key("a-7"), Key("nowhere")], Stop);
        Assert.Equal(2, found.Count);
        Assert.Equal(("2499", "7"), (found[Key("a-2499")].Label, found[Key("a-7")].Label));
    }

    [Fact]
    public void Any_text_comes_back_as_it_was()
    {
        using var store = SqliteAnnotationStore.Open(File);
        var number = 0;
        var text = Gen.OneOf(Gen.String, Gen.Char['\0', '\u0fff'].Array.Select(chars => new string(chars)))
            .Select(raw => string.Concat(raw.EnumerateRunes().Select(rune => rune.ToString())));
        Gen.Select(text, text, text.Null(), Gen.Long, Gen.Int[0, 4]).Sample((reply, example, other, tokens, status) =>
        {
            var ok = status == 0;
            var annotation = new Annotation
            {
                Key = Key($"{Interlocked.Increment(ref number)}"),
                ExampleId = example,
                Teacher = example,
                Status = (AnnotationStatus)status,
                Reply = reply,
                Label = ok ? "label " + reply : null,
                Rationale = other,
                Fault = other,
                Sample = status,
                InputTokens = tokens,
                OutputTokens = null,
                Price = tokens % 2 == 0 ? null : Math.Abs(tokens % 10_000_000_000_000_000) / 1_000_000_000_000_000_000m,
                Latency = TimeSpan.FromMilliseconds(status * 1.5),
                At = DateTimeOffset.UnixEpoch.AddMicroseconds(tokens % 1_000_000_000_000_000),
            };
            store.AddAsync([annotation]).GetAwaiter().GetResult();
            Assert.Equal(annotation, store.FindAsync([annotation.Key]).GetAwaiter().GetResult()[annotation.Key]);
        }, iter: 100);
    }

    [Fact]
    public async Task An_answer_stays_and_anything_else_gets_a_further_attempt()
    {
        using var store = SqliteAnnotationStore.Open(File);
        await store.AddAsync([Failed("x"), StoreFiller.Row("y", 0)], Stop);
        await store.AddAsync([Failed("x") with { Fault = "second" }, Failed("y-0")], Stop);

        Assert.Equal(
            [("x", "second"), ("row-0", null)],
            await store.ReadAsync(Stop).Select(row => (row.ExampleId, row.Fault)).ToListAsync(Stop));

        await store.AddAsync([Failed("x") with { Status = AnnotationStatus.Ok, Label = "now", Fault = null }], Stop);
        await store.AddAsync([Failed("x")], Stop);
        Assert.Equal("now", (await store.FindAsync([Key("x")], Stop))[Key("x")].Label);
        Assert.Equal([0L, 1L, 2L], Attempts("x"));
    }

    [Fact]
    public async Task Several_attempts_in_one_call_are_kept_in_order()
    {
        using var store = SqliteAnnotationStore.Open(File);
        await store.AddAsync([Failed("x"), Failed("x") with { Fault = "later" }], Stop);
        Assert.Equal("later", (await store.FindAsync([Key("x")], Stop))[Key("x")].Fault);
    }

    [Theory]
    [InlineData("UPDATE attempts SET label = 'better'", "never changed")]
    [InlineData("DELETE FROM attempts", "never removed")]
    [InlineData("INSERT OR REPLACE INTO attempts SELECT * FROM attempts", "never")]
    public async Task Rows_are_never_changed_or_removed(string sql, string reason)
    {
        using var store = SqliteAnnotationStore.Open(File);
        await store.AddAsync([StoreFiller.Row("a", 1)], Stop);
        using var connection = Connect();
        var fault = Assert.Throws<SqliteException>(() => Run(connection, sql));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Equal("1", (await store.FindAsync([Key("a-1")], Stop))[Key("a-1")].Label);
    }

    [Theory]
    [InlineData(AnnotationStatus.Ok, null)]
    [InlineData(AnnotationStatus.Ok, " ")]
    [InlineData(AnnotationStatus.Unreadable, "label")]
    [InlineData(AnnotationStatus.Failed, "")]
    public async Task No_blank_label_gets_in(AnnotationStatus status, string? label)
    {
        using var store = SqliteAnnotationStore.Open(File);
        await Assert.ThrowsAsync<ArgumentException>(
            () => store.AddAsync([StoreFiller.Row("a", 1), Failed("x") with { Status = status, Label = label }], Stop));
        Assert.Empty(await store.ReadAsync(Stop).ToListAsync(Stop));
    }

    [Theory]
    [InlineData("")]
    [InlineData("key")]
    [InlineData("ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789")]
    public async Task A_key_that_is_no_hash_is_refused(string key)
    {
        using var store = SqliteAnnotationStore.Open(File);
        await Assert.ThrowsAsync<ArgumentException>(() => store.AddAsync([Failed("x") with { Key = key }], Stop));
        Assert.Empty(await store.FindAsync([key], Stop));
    }

    [Fact]
    public async Task A_process_killed_at_any_moment_leaves_every_acknowledged_row()
    {
        var random = new Random(7);
        var next = 0;
        for (var round = 0; round < 6; round++)
        {
            using var child = StoreFiller.Start(File, "k", next, int.MaxValue);
            Assert.NotNull(await child.StandardOutput.ReadLineAsync(Stop));     // it writes now
            await Task.Delay(random.Next(0, 120), Stop);
            child.Kill();
            await child.WaitForExitAsync(Stop);
            var acknowledged = Acknowledged(await child.StandardOutput.ReadToEndAsync(Stop), next + StoreFiller.BatchSize);

            using var store = SqliteAnnotationStore.Open(File);
            var rows = await store.ReadAsync(Stop).ToListAsync(Stop);
            Assert.True(rows.Count >= acknowledged, $"{acknowledged} rows were acknowledged, {rows.Count} are there");
            Assert.Equal(0, rows.Count % StoreFiller.BatchSize);
            Assert.Equal(Enumerable.Range(0, rows.Count).Select(number => StoreFiller.Row("k", number)).Select(Stamped), rows.Select(Stamped));
            using var connection = Connect();
            Assert.Equal("ok", Scalar(connection, "PRAGMA integrity_check"));
            next = rows.Count;
        }
    }

    [Fact]
    public async Task Two_processes_write_and_a_third_reads_at_once()
    {
        const int Batches = 60;
        using var one = StoreFiller.Start(File, "one", 0, Batches);
        using var two = StoreFiller.Start(File, "two", 0, Batches);
        var outputs = new[] { one, two }
            .Select(child => (Child: child, Output: child.StandardOutput.ReadToEndAsync(Stop), Errors: child.StandardError.ReadToEndAsync(Stop)))
            .ToList();
        using var store = SqliteAnnotationStore.Open(File);
        var seen = 0;
        while (outputs.Exists(output => !output.Child.HasExited))
        {
            var now = await store.ReadAsync(Stop).CountAsync(Stop);
            Assert.True(now >= seen, "rows vanished");
            seen = now;
            await store.AddAsync([StoreFiller.Row("three", seen)], Stop);
            await Task.Delay(20, Stop);
        }

        foreach (var (child, _, errors) in outputs)
        {
            await child.WaitForExitAsync(Stop);
            Assert.Equal("", await errors);
            Assert.Equal(0, child.ExitCode);
        }

        var series = await store.ReadAsync(Stop).CountBy(row => row.Teacher).ToDictionaryAsync(StringComparer.Ordinal, Stop);
        Assert.Equal((Batches * StoreFiller.BatchSize, Batches * StoreFiller.BatchSize), (series["one"], series["two"]));
    }

    [Fact]
    public async Task A_full_disk_loses_nothing_that_was_acknowledged()
    {
        var stored = 0;
        using (var store = SqliteAnnotationStore.Open(File, maxPages: 60))
        {
            var fault = await Assert.ThrowsAsync<StepDistillException>(async () =>
            {
                for (; ; stored += 50)
                {
                    await store.AddAsync([.. Enumerable.Range(stored, 50).Select(number => StoreFiller.Row("f", number))], Stop);
                }
            });
            Assert.Contains("is full", fault.Message, StringComparison.Ordinal);
            Assert.Contains("These 50 annotations were not stored; every one stored before is safe.", fault.Message, StringComparison.Ordinal);
            Assert.Contains(File, fault.Message, StringComparison.Ordinal);
            Assert.True(stored > 0);
            Assert.Equal(stored, await store.ReadAsync(Stop).CountAsync(Stop));
        }

        using var roomier = SqliteAnnotationStore.Open(File);
        await roomier.AddAsync([.. Enumerable.Range(stored, 50).Select(number => StoreFiller.Row("f", number))], Stop);
        Assert.Equal(stored + 50, await roomier.ReadAsync(Stop).CountAsync(Stop));
    }

    [Fact]
    public void A_newer_layout_is_left_alone()
    {
        SqliteAnnotationStore.Open(File).Dispose();
        using (var connection = Connect())
        {
            Run(connection, "PRAGMA user_version = 3");
        }

        var fault = Assert.Throws<StepDistillException>(() => SqliteAnnotationStore.Open(File));
        Assert.Contains("has layout 3", fault.Message, StringComparison.Ordinal);
        Assert.Contains("up to 2", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-0.01")]
    [InlineData("10000000000")]
    [InlineData("0.0000000000000000001")]
    public async Task What_is_no_price_is_refused(string dollars)
    {
        using var store = SqliteAnnotationStore.Open(File);
        var price = decimal.Parse(dollars, CultureInfo.InvariantCulture);
        var fault = await Assert.ThrowsAsync<ArgumentException>(() => store.AddAsync([StoreFiller.Row("a", 1) with { Price = price }], Stop));
        Assert.Contains($"has the price {dollars}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_price_is_kept_as_text_that_adds_up()
    {
        using var store = SqliteAnnotationStore.Open(File);
        await store.AddAsync([StoreFiller.Row("a", 1) with { Price = 0.00000052500m }, StoreFiller.Row("a", 2) with { Price = 0m }], Stop);
        using var connection = Connect();
        Assert.Equal("0.000000525 0", Scalar(connection, "SELECT group_concat(price, ' ') FROM attempts"));
    }

    [Fact]
    public async Task A_store_of_the_first_layout_gets_the_newest_and_loses_nothing()
    {
        WriteFirstLayout();
        using (var store = SqliteAnnotationStore.Open(File))
        {
            var rows = await store.ReadAsync(Stop).ToListAsync(Stop);
            Assert.Equal(
                [("7", AnnotationStatus.Ok, "good", 40L, null), ("8", AnnotationStatus.Failed, null, null, null)],
                rows.Select(row => (row.ExampleId, row.Status, row.Label, row.InputTokens, row.Price)));
            await store.AddAsync([rows[1] with { Status = AnnotationStatus.Ok, Label = "bad", Fault = null, Price = 0.1m }], Stop);
        }

        using var again = SqliteAnnotationStore.Open(File);
        Assert.Equal([null, 0.1m], await again.ReadAsync(Stop).Select(row => row.Price).ToListAsync(Stop));
        using var connection = Connect();
        Assert.Equal("2", Scalar(connection, "PRAGMA user_version"));
        Assert.Contains("never changed", Assert.Throws<SqliteException>(() => Run(connection, "UPDATE attempts SET price = '0'")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_layouts_have_the_same_columns()
    {
        WriteFirstLayout();
        SqliteAnnotationStore.Open(File).Dispose();
        var fresh = Path.Combine(_folder, "fresh.db");
        SqliteAnnotationStore.Open(fresh).Dispose();
        Assert.Equal(Columns(fresh), Columns(File));
    }

    [Fact]
    public async Task Several_processes_may_meet_an_old_store_at_once()
    {
        WriteFirstLayout();
        var openings = Enumerable.Range(0, 8).Select(i => Task.Run(
            async () =>
            {
                using var store = SqliteAnnotationStore.Open(File);
                await store.AddAsync([StoreFiller.Row("a", i) with { Price = i }], Stop);
            },
            Stop));
        await Task.WhenAll(openings);
        using var all = SqliteAnnotationStore.Open(File);
        Assert.Equal(28m, (await all.ReadAsync(Stop).ToListAsync(Stop)).Sum(row => row.Price ?? 0));
    }

    [Fact]
    public void A_text_file_is_no_store()
    {
        System.IO.File.WriteAllText(File, string.Concat(Enumerable.Repeat("id,label\n1,yes\n", 100)));
        var before = System.IO.File.ReadAllBytes(File);
        var fault = Assert.Throws<StepDistillException>(() => SqliteAnnotationStore.Open(File));
        Assert.Contains("is no annotation store", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void Another_programs_database_is_no_store()
    {
        using (var connection = Connect())
        {
            Run(connection, "CREATE TABLE music (title TEXT)");
        }

        var before = System.IO.File.ReadAllBytes(File);
        var fault = Assert.Throws<StepDistillException>(() => SqliteAnnotationStore.Open(File));
        Assert.Contains("another program", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public async Task A_damaged_store_is_named_as_such()
    {
        using (var store = SqliteAnnotationStore.Open(File))
        {
            await store.AddAsync([.. Enumerable.Range(0, 500).Select(number => StoreFiller.Row("d", number))], Stop);
        }

        SqliteConnection.ClearAllPools();
        var bytes = System.IO.File.ReadAllBytes(File);
        new Random(1).NextBytes(bytes.AsSpan(4096));     // all but the first page, which holds the table's definition
        System.IO.File.WriteAllBytes(File, bytes);

        using var damaged = SqliteAnnotationStore.Open(File);
        var fault = await Assert.ThrowsAsync<StepDistillException>(async () => await damaged.ReadAsync(Stop).CountAsync(Stop));
        Assert.Contains("is damaged", fault.Message, StringComparison.Ordinal);
        Assert.Contains(File, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_half_cut_store_never_ends_in_a_bare_exception()
    {
        using (var store = SqliteAnnotationStore.Open(File))
        {
            await store.AddAsync([.. Enumerable.Range(0, 100).Select(number => StoreFiller.Row("d", number))], Stop);
        }

        SqliteConnection.ClearAllPools();
        var whole = System.IO.File.ReadAllBytes(File);
        Gen.Select(Gen.Int[0, whole.Length], Gen.Int[0, whole.Length - 1], Gen.Byte).Sample((length, at, value) =>
        {
            var bytes = whole.ToArray();
            bytes[at] = value;
            var path = Path.Combine(_folder, $"cut-{Guid.NewGuid()}.db");
            System.IO.File.WriteAllBytes(path, bytes[..length]);
            try
            {
                using var store = SqliteAnnotationStore.Open(path);
                _ = store.ReadAsync().ToListAsync().AsTask().GetAwaiter().GetResult();
            }
            catch (StepDistillException)
            {
                // The one kind of exception that is shown as a plain message.
            }
        }, iter: 60);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        System.IO.File.WriteAllText(Path.Combine(_folder, "file"), "");
        var fault = Assert.Throws<StepDistillException>(() => SqliteAnnotationStore.Open(Path.Combine(_folder, "file", "a.db")));
        Assert.Contains("cannot be opened", fault.Message, StringComparison.Ordinal);
        Assert.Contains("a.db", fault.Message, StringComparison.Ordinal);
        Assert.Throws<StepDistillException>(() => SqliteAnnotationStore.Open(_folder));
    }

    /// <summary>A store as the first version of StepDistill made it, its layout written out here because the program no longer knows it.</summary>
    private void WriteFirstLayout()
    {
        using var connection = Connect();
        Run(connection, "PRAGMA journal_mode=WAL");
        Run(connection, """
            CREATE TABLE attempts (
                number        INTEGER PRIMARY KEY,  -- order of arrival
                key           BLOB    NOT NULL CHECK (length(key) = 32),    -- hash of the question; show it with hex(key)
                attempt       INTEGER NOT NULL,     -- 0 for the first answer to it; the highest is the one that counts
                example_id    TEXT    NOT NULL,
                teacher       TEXT    NOT NULL,
                status        TEXT    NOT NULL CHECK (status IN ('ok', 'unreadable', 'refused', 'truncated', 'failed')),
                reply         TEXT    NOT NULL,
                label         TEXT,
                rationale     TEXT,
                fault         TEXT,
                sample        INTEGER NOT NULL,
                input_tokens  INTEGER,
                output_tokens INTEGER,
                latency       INTEGER NOT NULL,     -- microseconds
                at            INTEGER NOT NULL,     -- microseconds since 1970, UTC
                UNIQUE (key, attempt),
                CHECK ((status = 'ok') = (label IS NOT NULL)),
                CHECK (label IS NULL OR trim(label) <> '')
            ) STRICT;
            CREATE TRIGGER attempts_are_never_changed BEFORE UPDATE ON attempts
                BEGIN SELECT RAISE(ABORT, 'annotations are never changed'); END;
            CREATE TRIGGER attempts_are_never_removed BEFORE DELETE ON attempts
                BEGIN SELECT RAISE(ABORT, 'annotations are never removed'); END;
            CREATE TRIGGER attempts_are_never_replaced BEFORE INSERT ON attempts
                WHEN EXISTS (SELECT 1 FROM attempts WHERE number = NEW.number OR (key = NEW.key AND attempt = NEW.attempt))
                BEGIN SELECT RAISE(ABORT, 'annotations are never replaced'); END;
            INSERT INTO attempts VALUES
                (1, randomblob(32), 0, '7', 'm', 'ok', 'Answer: good', 'good', NULL, NULL, 0, 40, 9, 1000, 0),
                (2, randomblob(32), 0, '8', 'm', 'failed', '', NULL, NULL, 'down', 0, NULL, NULL, 1000, 0);
            PRAGMA application_id=1396982126; PRAGMA user_version=1;
            """);
    }

    private static List<string> Columns(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT cid || ' ' || name || ' ' || type || ' ' || \"notnull\" FROM pragma_table_info('attempts') ORDER BY cid";
        using var reader = command.ExecuteReader();
        var columns = new List<string>();
        while (reader.Read())
        {
            columns.Add(reader.GetString(0));
        }

        return columns;
    }

    private static string Key(string name) => StoreFiller.KeyOf(name);

    private static Annotation Failed(string key) => new()
    {
        Key = Key(key), ExampleId = key, Teacher = "test", Status = AnnotationStatus.Failed, Reply = "",
    };

    /// <summary>The filler's rows bear no time; the store keeps microseconds since 1970.</summary>
    private static Annotation Stamped(Annotation row) => row with { At = default };

    private static int Acknowledged(string output, int first) =>
        output.LastIndexOf('\n') is var end and >= 0
            ? int.Parse(output[..end].Split('\n')[^1], CultureInfo.InvariantCulture)
            : first;

    private List<long> Attempts(string key)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT attempt FROM attempts WHERE key = $key ORDER BY number";
        command.Parameters.AddWithValue("$key", Convert.FromHexString(Key(key)));
        using var reader = command.ExecuteReader();
        var attempts = new List<long>();
        while (reader.Read())
        {
            attempts.Add(reader.GetInt64(0));
        }

        return attempts;
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString();
    }
}
