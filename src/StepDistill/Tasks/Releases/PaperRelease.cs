using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Batches;
using StepDistill.Files;

namespace StepDistill.Tasks.Releases;

/// <summary>
/// Brings over the release of the paper's program: its raw rows, with the answers of its teachers and its splits, as files
/// that recipes can name.
/// </summary>
/// <remarks>
/// The folder is <c>datasets</c> of google-research/distilling-step-by-step: <c>SET/SET_train.json</c> (a JSON object a line)
/// beside <c>SET/llm/train_CoT_0.json</c> and so on (PaLM's answers, a list of texts each) and
/// <c>gpt-neox/SET/train.json</c>. Rows keep the numbers that they have there, as ids. Training rows stand in the order in
/// which the program leaves them, so that <c>batches.order: paper</c> draws what it drew.
/// </remarks>
public static class PaperRelease
{
    /// <summary>SVAMP's training rows with ASDiv's behind them, as the paper adds them where labels are the teacher's.</summary>
    public const string SvampWithAsdiv = "svamp-asdiv";

    /// <summary>SVAMP's rows that the program trains on; the rest of its 1,000 are test rows.</summary>
    private const int SvampTraining = 800;

    private static readonly JsonSerializerOptions Line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The sets that there are.</summary>
    public static IReadOnlyList<string> Sets { get; } = [.. ReleasedSet.All.Select(set => set.Name), SvampWithAsdiv];

    /// <summary>The teachers that there are.</summary>
    public static IReadOnlyList<string> Teachers { get; } = ["palm", "gpt-neox"];

    /// <summary>Writes a set's splits as <c>SET-train.jsonl</c>, <c>SET-validation.jsonl</c> and <c>SET-test.jsonl</c>.</summary>
    /// <param name="folder">The release's folder <c>datasets</c>.</param>
    /// <param name="set">One of <see cref="Sets"/>.</param>
    /// <param name="teacher">One of <see cref="Teachers"/>. It must have answered the training rows; other splits may lack answers.</param>
    /// <param name="output">Where to; it is made, and older files of the same names are replaced, each whole or not at all.</param>
    /// <param name="cancellation">Stops between rows.</param>
    /// <exception cref="StepDistillException">
    /// A file is missing or faulty, or answers do not match rows: other counts, or words that fit the rows beside them better.
    /// </exception>
    public static async Task<IReadOnlyList<ImportedSplit>> ImportAsync(
        string folder, string set, string teacher, string output, CancellationToken cancellation = default)
    {
        var main = ReleasedSet.All.Single(known => known.Name == (set == SvampWithAsdiv ? "svamp" : set));
        var train = ReadAsync(folder, main, "train", teacher, cancellation);
        if (main.HasValidation)
        {
            return
            [
                await WriteAsync("train", train).ConfigureAwait(false),
                await WriteAsync("validation", ReadAsync(folder, main, "valid", teacher, cancellation)).ConfigureAwait(false),
                await WriteAsync("test", ReadAsync(folder, main, "test", teacher, cancellation)).ConfigureAwait(false),
            ];
        }

        if (set == SvampWithAsdiv)
        {
            train = train.Concat(ReadAsync(folder, ReleasedSet.Asdiv, "train", teacher, cancellation));
        }

        var rows = await train.ToListAsync(cancellation).ConfigureAwait(false);
        var split = PaperOrder.Split(rows.Count);
        return
        [
            await WriteAsync("train", split.Train.Select(row => rows[row]).ToAsyncEnumerable()).ConfigureAwait(false),
            await WriteAsync("validation", split.Validation.Select(row => rows[row]).ToAsyncEnumerable()).ConfigureAwait(false),
            await WriteAsync("test", ReadAsync(folder, main, "test", teacher, cancellation)).ConfigureAwait(false),
        ];

        async Task<ImportedSplit> WriteAsync(string name, IAsyncEnumerable<JsonObject> lines)
        {
            var (path, count, answers) = (Path.Combine(output, $"{set}-{name}.jsonl"), 0, 0);
            await AtomicFile.WriteAsync(path, async stream =>
            {
                await using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
                await foreach (var line in lines.ConfigureAwait(false))
                {
                    await writer.WriteLineAsync(line.ToJsonString(Line)).ConfigureAwait(false);
                    count++;
                    answers += line.ContainsKey("teacher") ? 1 : 0;
                }
            }).ConfigureAwait(false);
            return new(name, path, count, answers);
        }
    }

    private static async IAsyncEnumerable<JsonObject> ReadAsync(
        string folder, ReleasedSet set, string split, string teacher, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var answers = ReleasedAnswers.Find(folder, set.Name, split, teacher);
        var (source, raw) = RawRows(folder, set, split, cancellation);
        if (!answers.Exist && split == "train")
        {
            throw new StepDistillException(
                $"{folder} holds no answers of {teacher} to the training rows of {set.Name} (they would be in "
                + (teacher == "palm" ? $"{set.Name}/llm/train_CoT_0.json" : $"gpt-neox/{set.Name}/train.json")
                + "). Give the folder 'datasets' of the release, or another teacher.");
        }

        using var said = answers.Read().GetEnumerator();
        var alignment = new AnswerAlignment();
        var (rows, found) = (0, 0);
        await foreach (var row in raw.ConfigureAwait(false))
        {
            row.Insert(0, "id", $"{set.Name}-{split}-{rows.ToString($"D{set.Digits}", CultureInfo.InvariantCulture)}");
            rows++;
            if (said.MoveNext())
            {
                found++;
                row["teacher"] = new JsonObject { ["completion"] = said.Current, ["model"] = answers.Model };
                alignment.Add(string.Join(' ', row.Where(field => field.Key is not ("id" or "label" or "teacher"))
                    .Select(field => field.Value)), said.Current);
            }

            yield return row;
        }

        while (said.MoveNext())
        {
            found++;
        }

        if (answers.Exist && found != rows)
        {
            throw new StepDistillException(string.Create(
                CultureInfo.InvariantCulture,
                $"{source} has {rows:N0} rows, but {answers.Source} hold {found:N0} answers. The release matches them by position alone, so the counts must be equal. Unpack the release again."));
        }

        if (!alignment.IsPlausible)
        {
            throw new StepDistillException(
                $"The answers in {answers.Source} share more words with the rows beside them in {source} than with their own, "
                + "so they stand beside the wrong rows. Unpack the release again; rows and answers must be of one release.");
        }
    }

    private static (string Source, IAsyncEnumerable<JsonObject> Rows) RawRows(
        string folder, ReleasedSet set, string split, CancellationToken cancellation)
    {
        var path = Path.Combine(folder, set.Name, $"{set.Name}_{split}.json");
        if (File.Exists(path))
        {
            return (path, FieldsAsync(path, set, cancellation));
        }

        // SVAMP may also lie there as it was published: 1,000 rows in one list, which the program shuffles and parts.
        var whole = Path.Combine(folder, set.Name, "SVAMP.json");
        return set.Name == "svamp" && File.Exists(whole)
            ? (whole, PartAsync(FieldsAsync(whole, set, cancellation), split, cancellation))
            : throw new StepDistillException(
                $"There is no file {path}. Give the folder 'datasets' that the paper's program unpacks, with {set.Name}/{set.Name}_{split}.json in it.");
    }

    private static async IAsyncEnumerable<JsonObject> FieldsAsync(
        string path, ReleasedSet set, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var faults = new RowFaults(path, "row");
        await foreach (var row in ReleasedRows.ReadAsync(path, faults, cancellation).ConfigureAwait(false))
        {
            JsonObject? line = null;
            try
            {
                line = set.Fields(row.Columns);
            }
            catch (FormatException e)
            {
                faults.Add(row.Number, e.Message + ".");
            }

            if (line is not null)
            {
                yield return line;
            }
        }
    }

    private static async IAsyncEnumerable<JsonObject> PartAsync(
        IAsyncEnumerable<JsonObject> whole, string split, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var rows = await whole.ToListAsync(cancellation).ConfigureAwait(false);
        var order = PaperOrder.Shuffle(rows.Count);
        foreach (var row in split == "train" ? order.Take(SvampTraining) : order.Skip(SvampTraining))
        {
            yield return rows[row];
        }
    }
}
