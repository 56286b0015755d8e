using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>Which questions are in which batches, and the answers that have arrived and are not stored as annotations yet.</summary>
/// <remarks>
/// One SQLite file beside the store of annotations, flushed to the disk at every commit. It is work under way: a question
/// leaves it once its answer is stored. It is apart from the store because that only ever grows, and so that another kind of
/// store needs no batches of its own. Reading is safe beside a process that writes; writers hold the folder's lock.
/// Not safe for use by several threads at once.
/// </remarks>
public sealed class BatchLedger : IDisposable
{
    private const int SchemaVersion = 1;

    /// <summary>Marks the file as ours in SQLite's header: <c>SDBa</c>.</summary>
    private const int ApplicationId = 0x53444261;

    private const string Create = """
        CREATE TABLE batches (
            number    INTEGER PRIMARY KEY,
            tag       TEXT    NOT NULL UNIQUE,      -- the batch's metadata 'stepdistill' at the service
            server    TEXT    NOT NULL,
            file      TEXT,                         -- the service's id of the requests; null before they are uploaded
            id        TEXT    UNIQUE,               -- the service's id; null before we know that the batch was accepted
            state     TEXT    NOT NULL,             -- as the service last said
            requests  INTEGER NOT NULL,
            completed INTEGER NOT NULL DEFAULT 0,
            failed    INTEGER NOT NULL DEFAULT 0,
            tokens    INTEGER NOT NULL,             -- the most that its prompts can have
            made      INTEGER NOT NULL,             -- microseconds since 1970, UTC, like those below
            asked     INTEGER,                      -- when the service was last asked to accept it
            expires   INTEGER,
            received  INTEGER                       -- when all its answers were here; null while it is open
        ) STRICT;
        CREATE TABLE questions (
            key    BLOB    PRIMARY KEY CHECK (length(key) = 32),    -- a question is in one batch at a time
            batch  INTEGER NOT NULL REFERENCES batches,
            status INTEGER,                         -- HTTP; 0 without one; -1 never asked; null while there is no answer
            reply  TEXT,
            fault  TEXT
        ) STRICT;
        CREATE INDEX questions_by_batch ON questions (batch);
        """;

    private const string Columns =
        "number, tag, file, id, state, requests, completed, failed, tokens, made, asked, expires";

    private readonly string _path;
    private readonly SqliteConnection _connection;

    private BatchLedger(string path, SqliteConnection connection) => (_path, _connection) = (path, connection);

    /// <summary>Opens the ledger; where there is none, it is made with its folder.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="StepDistillException">It is no ledger, is damaged, was written by a newer version, or its place cannot be written.</exception>
    public static BatchLedger Open(string path)
    {
        path = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Not pooled, so that disposing it closes the file. Two minutes: how long one process waits for another.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = 120,
        }.ToString());
        var ledger = new BatchLedger(path, connection);
        try
        {
            ledger.Guard(() =>
            {
                connection.Open();
                ledger.Ensure();
            });
            return ledger;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens the ledger where there is one.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Null where there is none: then nothing was ever put into a batch.</returns>
    /// <exception cref="StepDistillException">It is no ledger, is damaged, or was written by a newer version.</exception>
    public static BatchLedger? OpenIfThere(string path) => File.Exists(path) ? Open(path) : null;

    /// <summary>The batches whose answers are not all here, oldest first.</summary>
    /// <param name="server">Of which server.</param>
    public IReadOnlyList<BatchRecord> OpenBatches(string server) => Guard(() => Query(
        $"SELECT {Columns} FROM batches WHERE server = $server AND received IS NULL ORDER BY number",
        row => new BatchRecord
        {
            Number = row.GetInt64(0),
            Tag = row.GetString(1),
            InputFile = row.IsDBNull(2) ? null : row.GetString(2),
            Id = row.IsDBNull(3) ? null : row.GetString(3),
            State = BatchStates.Of(row.GetString(4)),
            Requests = row.GetInt64(5),
            Completed = row.GetInt64(6),
            Failed = row.GetInt64(7),
            Tokens = row.GetInt64(8),
            Made = Time(row.GetInt64(9)),
            Asked = row.IsDBNull(10) ? null : Time(row.GetInt64(10)),
            Expires = row.IsDBNull(11) ? null : Time(row.GetInt64(11)),
        },
        ("$server", server)));

    /// <summary>Questions that are in any batch or whose answers are here and not stored yet.</summary>
    public long Questions => Guard(() => (long)Scalar("SELECT COUNT(*) FROM questions")!);

    /// <summary>Answers that are here and not stored, for nobody has named the rows that they belong to.</summary>
    /// <param name="server">Of which server.</param>
    public long CountUnclaimed(string server) => Guard(() => (long)Scalar(
        "SELECT COUNT(*) FROM questions JOIN batches ON number = batch WHERE server = $server AND received IS NOT NULL",
        ("$server", server))!);

    /// <summary>The number that the next batch gets.</summary>
    public long NextNumber => Guard(() => (long)Scalar("SELECT COALESCE(MAX(number), 0) + 1 FROM batches")!);

    /// <summary>Finds those of some questions that are in a batch, or whose answers are here and not stored yet.</summary>
    /// <param name="keys">Annotations' keys.</param>
    public IReadOnlyDictionary<string, BatchedQuestion> Find(IEnumerable<string> keys) => Guard(() => Query(
        """
        SELECT q.key, q.batch, b.made, b.received, q.status, q.reply, q.fault
        FROM (SELECT DISTINCT unhex(value) AS key FROM json_each($keys)) AS asked
        CROSS JOIN questions AS q ON q.key = asked.key JOIN batches AS b ON b.number = q.batch
        """,
        row =>
        {
            var key = Convert.ToHexStringLower(row.GetFieldValue<byte[]>(0));
            return new BatchedQuestion(
                key, row.GetInt64(1), Time(row.GetInt64(2)), row.IsDBNull(3) ? null : Time(row.GetInt64(3)),
                row.IsDBNull(4) ? null : new BatchReply(
                    key, row.GetInt32(4), row.IsDBNull(5) ? null : row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6)));
        },
        ("$keys", JsonSerializer.Serialize(keys)))).ToDictionary(question => question.Key, StringComparer.Ordinal);

    /// <summary>Puts questions into a new batch, before the service hears of it.</summary>
    /// <param name="tag">Our own name for the batch.</param>
    /// <param name="server">Which server will be asked.</param>
    /// <param name="keys">The questions; none of them may be in a batch.</param>
    /// <param name="tokens">The most tokens that their prompts can have.</param>
    /// <param name="made">The time.</param>
    /// <returns>The batch's number.</returns>
    public long Make(string tag, string server, IReadOnlyCollection<string> keys, long tokens, DateTimeOffset made) => Write(() =>
    {
        var number = (long)Scalar(
            """
            INSERT INTO batches (tag, server, state, requests, tokens, made)
            VALUES ($tag, $server, 'unknown', $requests, $tokens, $made) RETURNING number
            """,
            ("$tag", tag), ("$server", server), ("$requests", keys.Count), ("$tokens", tokens), ("$made", Microseconds(made)))!;
        Execute(
            "INSERT INTO questions (key, batch) SELECT unhex(value), $batch FROM json_each($keys)",
            ("$batch", number), ("$keys", JsonSerializer.Serialize(keys)));
        return number;
    });

    /// <summary>Notes that the requests are uploaded.</summary>
    /// <param name="number">The batch.</param>
    /// <param name="inputFile">The service's id of the file.</param>
    public void Uploaded(long number, string inputFile) => Write(() =>
        Execute("UPDATE batches SET file = $file WHERE number = $number", ("$file", inputFile), ("$number", number)));

    /// <summary>Notes, before it happens, that the service is asked to accept the batch.</summary>
    /// <param name="number">The batch.</param>
    /// <param name="asked">The time.</param>
    public void Asking(long number, DateTimeOffset asked) => Write(() =>
        Execute("UPDATE batches SET asked = $asked WHERE number = $number", ("$asked", Microseconds(asked)), ("$number", number)));

    /// <summary>Notes what the service says about a batch.</summary>
    /// <param name="number">The batch.</param>
    /// <param name="job">What it says.</param>
    public void Heard(long number, BatchJob job) => Write(() => Execute(
        """
        UPDATE batches SET id = $id, state = $state, completed = $completed, failed = $failed, expires = $expires WHERE number = $number
        """,
        ("$id", job.Id), ("$state", job.State.NameOf()), ("$completed", job.Completed), ("$failed", job.Failed),
        ("$expires", job.Expires is { } expires ? Microseconds(expires) : DBNull.Value), ("$number", number)));

    /// <summary>Keeps answers of a batch. The first good one to a question stays; others are kept only where there is no good one.</summary>
    /// <param name="number">The batch.</param>
    /// <param name="replies">Answers, in any order.</param>
    /// <returns>Answers to questions that are not in the batch.</returns>
    public long Keep(long number, IReadOnlyCollection<BatchReply> replies) => Write(() =>
    {
        using var update = _connection.CreateCommand();
        update.CommandText = """
            UPDATE questions SET status = $status, reply = $reply, fault = $fault
            WHERE key = $key AND batch = $batch AND (status IS NULL OR (reply IS NULL AND $reply IS NOT NULL))
            """;
        using var exists = _connection.CreateCommand();
        exists.CommandText = "SELECT COUNT(*) FROM questions WHERE key = $key AND batch = $batch";
        var unknown = 0L;
        foreach (var reply in replies)
        {
            var key = Convert.FromHexString(reply.Key);
            update.Parameters.Clear();
            update.Parameters.AddWithValue("$key", key);
            update.Parameters.AddWithValue("$batch", number);
            update.Parameters.AddWithValue("$status", reply.Status);
            update.Parameters.AddWithValue("$reply", (object?)(reply.IsGood ? reply.Body : null) ?? DBNull.Value);
            update.Parameters.AddWithValue("$fault", (object?)reply.Fault ?? DBNull.Value);
            if (update.ExecuteNonQuery() == 0)
            {
                exists.Parameters.Clear();
                exists.Parameters.AddWithValue("$key", key);
                exists.Parameters.AddWithValue("$batch", number);
                unknown += (long)exists.ExecuteScalar()! == 0 ? 1 : 0;
            }
        }

        return unknown;
    });

    /// <summary>Questions of a batch that the service has answered, well or not, and those about which nothing came.</summary>
    /// <param name="number">The batch.</param>
    public (long Answered, long Missing) Count(long number) => Guard(() => Query(
        "SELECT COUNT(*) FILTER (WHERE status >= 0), COUNT(*) FILTER (WHERE status IS NULL) FROM questions WHERE batch = $batch",
        row => (row.GetInt64(0), row.GetInt64(1)),
        ("$batch", number))[0]);

    /// <summary>Closes a batch: all its answers are here. Questions that were never asked leave it, to be asked again.</summary>
    /// <param name="number">The batch.</param>
    /// <param name="received">The time.</param>
    /// <param name="missing">
    /// What is to be said of questions about which nothing came and that may have been answered; null where they were not asked.
    /// </param>
    /// <returns>Questions that left the batch unanswered.</returns>
    public long Close(long number, DateTimeOffset received, string? missing) => Write(() =>
    {
        if (missing is not null)
        {
            Execute(
                "UPDATE questions SET status = 0, fault = $fault WHERE batch = $batch AND status IS NULL",
                ("$fault", missing), ("$batch", number));
        }

        Execute("UPDATE batches SET received = $received WHERE number = $number", ("$received", Microseconds(received)), ("$number", number));
        return (long)Execute(
            "DELETE FROM questions WHERE batch = $batch AND (status IS NULL OR status = $never)",
            ("$batch", number), ("$never", BatchReply.NotAsked));
    });

    /// <summary>Forgets a batch that the service never accepted.</summary>
    /// <param name="number">The batch.</param>
    public void Drop(long number) => Write(() =>
    {
        Execute("DELETE FROM questions WHERE batch = $number", ("$number", number));
        Execute("DELETE FROM batches WHERE number = $number", ("$number", number));
    });

    /// <summary>Lets questions go whose answers are stored.</summary>
    /// <param name="keys">Annotations' keys.</param>
    public void Release(IEnumerable<string> keys) => Write(() => Execute(
        "DELETE FROM questions WHERE key IN (SELECT unhex(value) FROM json_each($keys))", ("$keys", JsonSerializer.Serialize(keys))));

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private void Ensure()
    {
        if ((long)Scalar("PRAGMA user_version")! == 0 && (long)Scalar("SELECT COUNT(*) FROM sqlite_schema")! == 0)
        {
            Execute("PRAGMA journal_mode=WAL");
            using var transaction = _connection.BeginTransaction(deferred: false);
            if ((long)Scalar("PRAGMA user_version")! == 0)      // no other process was faster
            {
                Execute(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Create} PRAGMA application_id={ApplicationId}; PRAGMA user_version={SchemaVersion}"));
            }

            transaction.Commit();
        }

        if ((long)Scalar("PRAGMA application_id")! != ApplicationId)
        {
            throw new StepDistillException(
                $"The file {_path} is a database of another program, not a ledger of batches. Nothing was changed. Move it away.");
        }

        if ((long)Scalar("PRAGMA user_version")! is var version && version > SchemaVersion)
        {
            throw new StepDistillException(
                $"The ledger of batches {_path} has layout {version}, and this version of StepDistill knows layouts up to "
                + $"{SchemaVersion}. Nothing was changed. Use the newer StepDistill that wrote it.");
        }

        // FULL: a commit returns when it is on the disk, so that no power cut makes a submitted batch unknown.
        Execute("PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA busy_timeout=120000; PRAGMA foreign_keys=ON");
    }

    private void Write(Action work) => Write(() =>
    {
        work();
        return 0;
    });

    private T Write<T>(Func<T> work) => Guard(() =>
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        var result = work();
        transaction.Commit();
        return result;
    });

    private void Guard(Action work) => Guard(() =>
    {
        work();
        return 0;
    });

    private T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException e)
        {
            throw new StepDistillException(
                $"The ledger of batches {_path} cannot be used ({e.Message}). It says which questions are in batches at the service, "
                + "so keep it. Check the disk and that you may write there, then run the same command again.", e);
        }
    }

    private List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params (string, object)[] values)
    {
        using var command = Command(sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private object? Scalar(string sql, params (string, object)[] values)
    {
        using var command = Command(sql, values);
        return command.ExecuteScalar();
    }

    private int Execute(string sql, params (string, object)[] values)
    {
        using var command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, (string, object)[] values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    private static long Microseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset Time(long microseconds) => DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(microseconds);
}
