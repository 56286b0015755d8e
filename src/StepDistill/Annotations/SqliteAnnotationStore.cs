using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace StepDistill.Annotations;

/// <summary>Annotations in one SQLite file: an append-only table of attempts that any SQLite tool can read.</summary>
/// <remarks>
/// Written with a write-ahead log that is flushed to the disk at every commit, so a process killed at any moment leaves
/// every acknowledged row behind and nothing half-written. Several threads and several processes may use one file at
/// once; writers wait for each other. Triggers in the file refuse every change and removal of a row.
/// </remarks>
public sealed class SqliteAnnotationStore : IAnnotationStore
{
    /// <summary>Version of the table's layout, kept in the file as SQLite's <c>user_version</c>.</summary>
    public const int SchemaVersion = 2;

    /// <summary>Rows that <see cref="ReadAsync"/> holds in memory at a time.</summary>
    private const int ReadAhead = 1000;

    private const string NothingChanged = "Reading changed nothing.";

    private readonly string _path;
    private readonly SqliteConnection _writer;
    private readonly SqliteCommand _insert;
    private readonly SemaphoreSlim _writing = new(1, 1);

    private SqliteAnnotationStore(string path, SqliteConnection writer)
    {
        (_path, _writer) = (path, writer);
        _insert = AttemptRow.Insert(writer);
    }

    /// <summary>Opens a store; a file that does not exist is made, with its folder, and one of an older layout gets the newest.</summary>
    /// <param name="path">The file, by custom <c>annotations.sqlite</c>.</param>
    /// <exception cref="StepDistillException">
    /// The file is no annotation store, is damaged, was written by a newer version, or its place cannot be written.
    /// </exception>
    public static SqliteAnnotationStore Open(string path) => Open(path, maxPages: null);

    /// <param name="path">The file.</param>
    /// <param name="maxPages">The size in pages at which SQLite says that the disk is full; null for no such limit.</param>
    internal static SqliteAnnotationStore Open(string path, int? maxPages)
    {
        path = Path.GetFullPath(path);
        SqliteConnection? writer = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            writer = Connect(path);
            AnnotationSchema.Ensure(writer, path);
            if (maxPages is { } pages)
            {
                Execute(writer, string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count={pages}"));
            }

            return new SqliteAnnotationStore(path, writer);
        }
        catch (Exception e)
        {
            writer?.Dispose();
            throw e switch
            {
                SqliteException sqlite => StoreFault.Explain(sqlite, path, "Opening it changed nothing."),
                IOException or UnauthorizedAccessException => new StepDistillException(
                    $"The annotation store {path} cannot be opened: {e.Message} Choose a place that can be written.", e),
                _ => e,
            };
        }
    }

    /// <inheritdoc/>
    /// <exception cref="StepDistillException">
    /// The disk is full or the file damaged; nothing of this call was stored, and everything stored before is safe.
    /// </exception>
    /// <exception cref="ArgumentException">An annotation has a label without the status Ok, or the status Ok without one.</exception>
    public async Task AddAsync(IReadOnlyCollection<Annotation> annotations, CancellationToken cancellation = default)
    {
        foreach (var annotation in annotations)
        {
            AttemptRow.Check(annotation);
        }

        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await Task.Run(() => Write(annotations), cancellation).ConfigureAwait(false);
        }
        catch (SqliteException e)
        {
            throw StoreFault.Explain(
                e, _path, $"These {annotations.Count} annotations were not stored; every one stored before is safe.");
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, Annotation>> FindAsync(
        IReadOnlyCollection<string> keys, CancellationToken cancellation = default) =>
        Task.Run<IReadOnlyDictionary<string, Annotation>>(() => Read(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = AttemptRow.SelectByKeys;
            command.Parameters.AddWithValue("$keys", JsonSerializer.Serialize(keys));
            return ReadAll(command).ToDictionary(annotation => annotation.Key, StringComparer.Ordinal);
        }), cancellation);

    /// <inheritdoc/>
    /// <remarks>What is stored while the stream is read does not show in it. Memory does not grow with the store.</remarks>
    public async IAsyncEnumerable<Annotation> ReadAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var (last, after) = (Read(LastRow), 0L);
        while (after < last)
        {
            cancellation.ThrowIfCancellationRequested();
            var rows = await Task.Run(() => Read(connection => ReadPage(connection, after, last)), cancellation)
                .ConfigureAwait(false);
            foreach (var (number, annotation) in rows)
            {
                after = number;
                yield return annotation;
            }

            if (rows.Count < ReadAhead)
            {
                yield break;
            }
        }
    }

    /// <summary>Closes the file. What was acknowledged is already on the disk.</summary>
    public void Dispose()
    {
        _insert.Dispose();
        _writer.Dispose();
        _writing.Dispose();
        using var pooled = new SqliteConnection(Reading(_path));
        SqliteConnection.ClearPool(pooled);
    }

    private void Write(IReadOnlyCollection<Annotation> annotations)
    {
        // Not deferred: the lock is taken, and waited for, before anything is read, so two processes never both fail.
        using var transaction = _writer.BeginTransaction(deferred: false);
        _insert.Transaction = transaction;
        foreach (var annotation in annotations)
        {
            AttemptRow.Bind(_insert, annotation);
            _insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private T Read<T>(Func<SqliteConnection, T> query)
    {
        try
        {
            using var connection = new SqliteConnection(Reading(_path));
            connection.Open();
            return query(connection);
        }
        catch (SqliteException e)
        {
            throw StoreFault.Explain(e, _path, NothingChanged);
        }
        catch (InvalidDataException e)
        {
            throw StoreFault.Damaged(_path, NothingChanged, e);
        }
    }

    private static long LastRow(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COALESCE(MAX(number), 0) FROM attempts";
        return (long)command.ExecuteScalar()!;
    }

    private static List<(long Number, Annotation Annotation)> ReadPage(SqliteConnection connection, long after, long last)
    {
        using var command = connection.CreateCommand();
        command.CommandText = AttemptRow.SelectPage;
        command.Parameters.AddWithValue("$after", after);
        command.Parameters.AddWithValue("$last", last);
        command.Parameters.AddWithValue("$rows", ReadAhead);
        using var reader = command.ExecuteReader();
        var rows = new List<(long, Annotation)>(ReadAhead);
        while (reader.Read())
        {
            rows.Add((reader.GetInt64(AttemptRow.Columns), AttemptRow.Read(reader)));
        }

        return rows;
    }

    private static List<Annotation> ReadAll(SqliteCommand command)
    {
        using var reader = command.ExecuteReader();
        var annotations = new List<Annotation>();
        while (reader.Read())
        {
            annotations.Add(AttemptRow.Read(reader));
        }

        return annotations;
    }

    private static SqliteConnection Connect(string path)
    {
        // The writer is not pooled, so that disposing it closes the file. Two minutes: how long a writer waits for another.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = 120,
        }.ToString());
        connection.Open();
        Execute(connection, "PRAGMA busy_timeout=120000");
        return connection;
    }

    private static string Reading(string path) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWrite,    // a reader may have to recover the log that a killed process left
        DefaultTimeout = 120,
    }.ToString();

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
