using System.IO.Compression;
using System.Text.Json;
using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;
using StepDistill.Tests.Tasks;

namespace StepDistill.Tests.Teachers.Replies;

/// <summary>
/// The reader against PaLM 540B's published answers: as right as a careful reader, and never apart from the paper's own
/// parser without a reason that has a name.
/// </summary>
public sealed class ReplyReaderOnPublishedAnswers(ITestOutputHelper output)
{
    /// <summary>
    /// Why the reader leaves the paper's parser; <see cref="ReplyReaderTests"/> shows each on a reply of our own.
    /// </summary>
    private enum Deviation
    {
        /// <summary>"either (a) x or (e) y": the first named choice; the paper's parser glues "or" to it.</summary>
        TwoChoicesNamed,

        /// <summary>The text after the letter is no choice, or another one: the letter's choice.</summary>
        LetterWins,

        /// <summary>The choice itself ends in a period, which the paper's parser cuts.</summary>
        FinalPeriodKept,

        /// <summary>The text differs from the choice by case only: the choice's own writing.</summary>
        CaseOfChoice,

        /// <summary>
        /// ", so the answer is X" and "The answer is X", which the paper's parser does not know for ANLI.
        /// </summary>
        LowercaseMarker,

        /// <summary>The label was cut at the token limit but begins one label only.</summary>
        CutLabelPrefix,

        /// <summary>"(16 * 17) * 4": the paper's parser drops what follows the last parenthesis.</summary>
        OperatorsAfterParenthesis,

        /// <summary>
        /// The equation has no value (a variable, a tuple, "7x = 14", cut): none, not a label that is nan.
        /// </summary>
        NoValue,

        /// <summary>Two equations joined by "and": none, where Python's "and" gives the second.</summary>
        TwoEquations,

        /// <summary>No answer is announced, or one that is no label: none, not a blank label.</summary>
        NoAnswer,

        /// <summary>The next example's cut first word ("\n\nPre") is no part of the label.</summary>
        StopMarkerCut,

        /// <summary>No rationale is none, not a blank one.</summary>
        EmptyRationale,

        /// <summary>The reasons are kept where the paper's parser finds no answer and drops them.</summary>
        RationaleKept,

        /// <summary>A cut "Answer" on the last line is no part of the rationale.</summary>
        CutAnswerMarker,
    }

    public static TheoryData<string, string, string> Completions => new()
    {
        { "cqa", "cqa-cot", "cqa_train.jsonl.gz" },
        { "svamp", "svamp-cot", "svamp_train.jsonl" },
        { "nli", "anli-cot", "anli1_train.jsonl.gz" },
        { "nli", "anli-cot", "anli1_valid.jsonl" },
        { "nli", "esnli-cot", "esnli_train.jsonl.gz" },
        { "nli", "esnli-cot", "esnli_valid.jsonl.gz" },
    };

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
        var (rows, withGold, correct, readable) = (0, 0, 0, 0);
        await foreach (var example in ExampleReader.ReadAsync(task, path, TestContext.Current.CancellationToken))
        {
            var reply = ReplyReader.Read(task, format, example, example.Recorded!.Completion!);
            rows++;
            readable += reply.Status == AnnotationStatus.Ok ? 1 : 0;
            withGold += example.Label is null ? 0 : 1;
            correct += reply.Label is { } label && task.IsCorrect(example, label) ? 1 : 0;
        }

        output.WriteLine($"{file}: {correct} of {withGold} right, {100.0 * correct / withGold:F2} %; {readable} of {rows} readable");
        Assert.Equal(gold, withGold);
        Assert.True(Math.Round(100.0 * correct / withGold, 2) >= careful, $"{correct} of {withGold}");
    }

    [Theory]
    [MemberData(nameof(Completions))]
    public async Task Every_deviation_from_the_papers_parser_has_a_name(string name, string format, string file)
    {
        var path = SharedData.Require(file);
        var official = await OfficialAsync(SharedData.Require("official_parse.jsonl.gz"));
        var task = TaskSpec.From(new TaskSection { Name = name });
        var counts = new SortedDictionary<Deviation, int>();
        var unnamed = new List<string>();
        var compared = 0;
        await foreach (var example in ExampleReader.ReadAsync(task, path, TestContext.Current.CancellationToken))
        {
            if (!official.TryGetValue(example.Id, out var theirs))
            {
                continue;
            }

            compared++;
            var completion = example.Recorded!.Completion!;
            var ours = ReplyReader.Read(task, format, example, completion);
            Note(ours.Label == theirs.Label, () => OfLabel(task, example, completion, theirs.Label, ours.Label), $"label '{theirs.Label}' became '{ours.Label}'");
            Note(ours.Rationale == theirs.Rationale, () => OfRationale(theirs.Rationale, ours.Rationale), $"rationale '{theirs.Rationale}' became '{ours.Rationale}'");

            void Note(bool equal, Func<Deviation?> classify, string what)
            {
                if (!equal && classify() is { } deviation)
                {
                    counts[deviation] = counts.GetValueOrDefault(deviation) + 1;
                }
                else if (!equal)
                {
                    unnamed.Add($"{example.Id}: {what}");
                }
            }
        }

        output.WriteLine($"{file}: {compared} compared; {string.Join(", ", counts.Select(pair => $"{pair.Key} {pair.Value}"))}");
        Assert.True(compared > 0);
        Assert.Empty(unnamed);
    }

    private static Deviation? OfLabel(TaskSpec task, Example example, string completion, string theirs, string? ours)
    {
        if (ours is null)
        {
            return string.IsNullOrWhiteSpace(theirs) ? Deviation.NoAnswer
                : task.Answer != AnswerKind.Equation ? task.Canonical(example, theirs) is null ? Deviation.NoAnswer : null
                : theirs.Contains(" and ", StringComparison.Ordinal) ? Deviation.TwoEquations
                : Equation.TryEvaluate(theirs, out _, out _) ? null
                : Deviation.NoValue;
        }

        var answer = completion.Split("\n\nQ:")[0].Split("\n\nPremise:")[0];
        return task.Answer switch
        {
            AnswerKind.Choice => OfChoice(answer[answer.LastIndexOf("answer is", StringComparison.Ordinal)..], theirs, ours),
            AnswerKind.Equation => ours.StartsWith(theirs, StringComparison.Ordinal) && ours[theirs.Length..].TrimStart() is ['+' or '-' or '*' or '/', ..]
                ? Deviation.OperatorsAfterParenthesis
                : null,
            _ when theirs.Length == 0 => answer.Contains("o the answer is " + ours, StringComparison.Ordinal)
                || answer.Contains("he answer is " + ours, StringComparison.Ordinal)
                    ? Deviation.LowercaseMarker
                    : null,
            _ when theirs.Split('\n') is [var first, "", var rest] && first.TrimEnd('.') == ours && "Premise:".StartsWith(rest, StringComparison.Ordinal) =>
                Deviation.StopMarkerCut,
            _ when ours.StartsWith(theirs, StringComparison.Ordinal) && completion.EndsWith(theirs, StringComparison.Ordinal) => Deviation.CutLabelPrefix,
            _ => null,
        };
    }

    private static Deviation? OfChoice(string answer, string theirs, string ours) =>
        answer.Split("(").Length > 2 && answer.IndexOf('(') is var open && answer[open + 2] == ')' ? Deviation.TwoChoicesNamed
        : theirs + "." == ours ? Deviation.FinalPeriodKept
        : string.Equals(theirs, ours, StringComparison.OrdinalIgnoreCase) ? Deviation.CaseOfChoice
        : answer.StartsWith("answer is (", StringComparison.Ordinal) ? Deviation.LetterWins
        : null;

    private static Deviation? OfRationale(string theirs, string? ours) =>
        string.IsNullOrWhiteSpace(theirs) ? ours is null ? Deviation.EmptyRationale : Deviation.RationaleKept
        : ours is not null && theirs.StartsWith(ours, StringComparison.Ordinal)
            && theirs[ours.Length..].Trim() is { Length: > 0 } rest && "Answer".StartsWith(rest, StringComparison.Ordinal)
            ? Deviation.CutAnswerMarker
            : null;

    private static async Task<Dictionary<string, (string Rationale, string Label)>> OfficialAsync(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var rows = new Dictionary<string, (string, string)>();
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            using var row = JsonDocument.Parse(line);
            rows.Add(Text(row, "id"), (Text(row, "rationale"), Text(row, "label")));
        }

        return rows;

        static string Text(JsonDocument row, string key) => row.RootElement.GetProperty(key).GetString()!;
    }
}
