using System.Globalization;
using Microsoft.Data.Sqlite;

namespace StepDistill.Annotations;

/// <summary>The layout of the store's file: one table that only grows.</summary>
internal static class AnnotationSchema
{
    /// <summary>Marks the file as ours in SQLite's header: <c>SDAn</c>.</summary>
    private const int ApplicationId = 0x5344416E;

    private const string Create = """
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
            price         TEXT,                 -- dollars, an exact decimal; a number would be a binary fraction
            UNIQUE (key, attempt),
            CHECK ((status = 'ok') = (label IS NOT NULL)),
            CHECK (label IS NULL OR trim(label) <> '')
        ) STRICT;
        CREATE TRIGGER attempts_are_never_changed BEFORE UPDATE ON attempts
            BEGIN SELECT RAISE(ABORT, 'annotations are never changed'); END;
        CREATE TRIGGER attempts_are_never_removed BEFORE DELETE ON attempts
            BEGIN SELECT RAISE(ABORT, 'annotations are never removed'); END;
        -- INSERT OR REPLACE would remove rows without asking the trigger above.
        CREATE TRIGGER attempts_are_never_replaced BEFORE INSERT ON attempts
            WHEN EXISTS (SELECT 1 FROM attempts WHERE number = NEW.number OR (key = NEW.key AND attempt = NEW.attempt))
            BEGIN SELECT RAISE(ABORT, 'annotations are never replaced'); END;
        """;

    /// <summary>For each older layout, from 1 on, what makes it the next one. Nothing that a row says is changed.</summary>
    private static readonly string[] Migrations = ["ALTER TABLE attempts ADD COLUMN price TEXT"];

    /// <summary>Makes the table in an empty file, or checks that the file is a store of a version that is known, and brings an older one up to date.</summary>
    public static void Ensure(SqliteConnection connection, string path)
    {
        if (Number(connection, "user_version") == 0)
        {
            if (Number(connection, "application_id") == 0 && Tables(connection) == 0)
            {
                // The log mode cannot change inside a transaction; it stays in the file from here on.
                SqliteAnnotationStore.Execute(connection, "PRAGMA journal_mode=WAL");
            }

            using var transaction = connection.BeginTransaction(deferred: false);
            if (Number(connection, "user_version") == 0)     // no other process was faster
            {
                if (Number(connection, "application_id") != 0 || Tables(connection) > 0)
                {
                    throw Foreign(path);
                }

                SqliteAnnotationStore.Execute(connection, string.Create(CultureInfo.InvariantCulture,
                    $"{Create} PRAGMA application_id={ApplicationId}; PRAGMA user_version={SqliteAnnotationStore.SchemaVersion}"));
            }

            transaction.Commit();
        }

        if (Number(connection, "application_id") != ApplicationId)
        {
            throw Foreign(path);
        }

        if (Number(connection, "user_version") is var version && version > SqliteAnnotationStore.SchemaVersion)
        {
            throw new StepDistillException(
                $"The annotation store {path} has layout {version}, and this version of StepDistill knows layouts up to "
                + $"{SqliteAnnotationStore.SchemaVersion}. Nothing was changed. Use the newer StepDistill that wrote it, "
                + "or export its annotations there and import them here.");
        }

        if (Number(connection, "user_version") < SqliteAnnotationStore.SchemaVersion)
        {
            Migrate(connection);
        }

        // FULL: a commit returns when the log is on the disk, so that what is acknowledged outlives a power cut.
        // fullfsync asks macOS for the same; elsewhere it means nothing. Hashes land anywhere in the index of keys: 64 MiB of
        // cache keep it at hand, and carrying the log over at 64 MiB instead of 4 writes each of its pages far less often.
        SqliteAnnotationStore.Execute(
            connection,
            "PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=16384");
    }

    /// <summary>All steps and the new number in one transaction: a process killed meanwhile leaves the old layout.</summary>
    private static void Migrate(SqliteConnection connection)
    {
        // Under the lock the number is read again: another process may have been faster.
        using var transaction = connection.BeginTransaction(deferred: false);
        for (var version = Number(connection, "user_version"); version < SqliteAnnotationStore.SchemaVersion; version++)
        {
            SqliteAnnotationStore.Execute(connection, string.Create(
                CultureInfo.InvariantCulture, $"{Migrations[version - 1]}; PRAGMA user_version={version + 1}"));
        }

        transaction.Commit();
    }

    private static StepDistillException Foreign(string path) => new(
        $"The file {path} is a database of another program, not an annotation store. Nothing was changed. "
        + "Name a file that does not exist yet, or an annotation store.");

    private static long Tables(SqliteConnection connection) => Scalar(connection, "SELECT COUNT(*) FROM sqlite_schema");

    private static long Number(SqliteConnection connection, string pragma) => Scalar(connection, $"PRAGMA {pragma}");

    private static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
