using System.Text;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Prices;

/// <summary>Says what annotating rows will take, from rows and stored answers alone: nobody is asked.</summary>
/// <remarks>
/// Rows stream through; memory does not grow with them. Equal rows, whose one question is asked once, count as often as
/// they are there. Where enough answers of the same teacher (model, prompt, settings: the same keys) are stored, their
/// tokens say what the others will have; else the prompts' bytes do. Not safe for use by several threads at once.
/// </remarks>
public sealed class Estimator
{
    /// <summary>With fewer measured answers an interval says nothing, for lengths are skewed.</summary>
    public const int FewestMeasured = 5;

    // Bytes of UTF-8, not characters, for a token of Chinese is fewer characters than one of English, but about as many
    // bytes. English prose has about four bytes a token (https://help.openai.com/en/articles/4936856); digits, code and
    // languages that a tokenizer has seen little of have two or three, and no common text more than six.
    private const double BytesPerToken = 4, LeastBytesPerToken = 2, MostBytesPerToken = 6;

    /// <summary>Tokens that a chat template adds to a message: a few.</summary>
    private const int TokensPerMessage = 4, MostTokensPerMessage = 16;

    /// <summary>
    /// Tokens of a reply where the prompt shows none: the published answers of the paper's teacher, on four data sets, have 259
    /// to 475 bytes on average.
    /// </summary>
    private const int TokensPerReply = 100;

    private readonly ITeacher _teacher;
    private readonly TeacherSection _section;
    private readonly Func<string, bool>? _elsewhere;
    private readonly ModelPrice? _price;
    private readonly MeasuredAnswers _measured = new();
    private Prompts _open, _failed;

    /// <summary>Begins an estimate.</summary>
    /// <param name="teacher">Who would be asked; only a <see cref="ChatTeacher"/> has prompts, and costs.</param>
    /// <param name="section">The section <c>teacher</c>: limits.</param>
    /// <param name="elsewhere">Whether a question, by its key, is under way in some other manner, such as in a batch; null where none is.</param>
    public Estimator(ITeacher teacher, TeacherSection section, Func<string, bool>? elsewhere = null)
    {
        (_teacher, _section, _elsewhere) = (teacher, section, elsewhere);
        _price = (teacher as ChatTeacher)?.Price;
    }

    /// <summary>Rows of which at least one answer's tokens were counted.</summary>
    public long MeasuredRows { get; private set; }

    /// <summary>Takes in a row.</summary>
    /// <param name="row">The row with the teacher's stored answers.</param>
    /// <returns>What there is to ask about it.</returns>
    public RowQuestions Add(AnnotatedExample row)
    {
        var (stored, ask, failed, batched) = (0, 0, 0, 0);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var before = _measured.Count;
        foreach (var (annotation, teacher) in row.Answers.Zip(_teacher.Answers))
        {
            if (annotation is not null && keys.Add(annotation.Key))
            {
                stored++;
                if (annotation.Status == AnnotationStatus.Failed && _elsewhere?.Invoke(annotation.Key) == true)
                {
                    batched++;
                    continue;
                }

                failed += annotation.Status == AnnotationStatus.Failed ? 1 : 0;
                AddStored(annotation, teacher, row.Example);
            }
            else if (annotation is null && teacher.CanAnswer(row.Example)
                && (_teacher.Answers.Count == 1 || keys.Add(teacher.KeyOf(row.Example))))
            {
                if (_elsewhere?.Invoke(teacher.KeyOf(row.Example)) == true)
                {
                    batched++;
                    continue;
                }

                ask++;
                _open = _open.With(Prompt(teacher, row.Example));
            }
        }

        MeasuredRows += _measured.Count > before ? 1 : 0;
        return new(stored, ask, failed, batched);
    }

    /// <summary>Says what the rows taken in so far will take.</summary>
    /// <param name="retryFailed">Whether to ask again where no reply came.</param>
    public CostEstimate Estimate(bool retryFailed = false)
    {
        var open = retryFailed ? _open.With(_failed) : _open;
        if (_teacher is not ChatTeacher)
        {
            return new CostEstimate { ToAsk = open.Count, Measured = 0 };
        }

        var isMeasured = _measured.Count >= FewestMeasured;
        var (input, output) = isMeasured ? Measured(open) : Guessed(open);
        var dollars = _price is null ? (DollarEstimate?)null : isMeasured ? Measured(open, _price) : new DollarEstimate(
            _price.Of(input.Value, output.Value), _price.Of(input.Low, output.Low), _price.Of(input.High, output.High));
        var (time, limit) = Time(open.Count, input.Value + output.Value);
        return new CostEstimate
        {
            ToAsk = open.Count,
            Measured = isMeasured ? _measured.Count : 0,
            Input = input,
            Output = output,
            Dollars = dollars,
            Price = _price,
            Time = time,
            LimitedBy = limit,
        };
    }

    private void AddStored(Annotation annotation, ITeacher teacher, Example example)
    {
        if (annotation.Status == AnnotationStatus.Failed)
        {
            _failed = _failed.With(Prompt(teacher, example));
        }
        else if (annotation is { InputTokens: { } input, OutputTokens: { } output })
        {
            _measured.Add(Prompt(teacher, example).Bytes, input, output, annotation.Latency);
        }
    }

    private (TokenEstimate Input, TokenEstimate Output) Measured(Prompts open)
    {
        var output = Tokens(_measured.Project(open.Count, open.Bytes, 0, 1));
        var most = open.Count * _section.MaxTokens;
        return (Tokens(_measured.Project(open.Count, open.Bytes, 1, 0)),
            new(Math.Min(output.Value, most), Math.Min(output.Low, most), Math.Min(output.High, most)));

        static TokenEstimate Tokens((double Total, double Half) sum) =>
            new((long)Math.Round(sum.Total), (long)Math.Max(0, Math.Floor(sum.Total - sum.Half)), (long)Math.Ceiling(sum.Total + sum.Half));
    }

    /// <summary>The sum itself is exact; only how far it may be off is not, since a spread has a root in it.</summary>
    private DollarEstimate Measured(Prompts open, ModelPrice price)
    {
        var (input, output) = Measured(open);
        var value = price.Of(input.Value, output.Value);
        var half = (decimal)_measured.Project(open.Count, open.Bytes, (double)price.Of(1, 0), (double)price.Of(0, 1)).Half;
        return new(value, Math.Max(0, value - half), value + half);
    }

    private (TokenEstimate Input, TokenEstimate Output) Guessed(Prompts open)
    {
        var reply = Math.Min(
            open.Shown > 0 ? open.ShownBytes / (open.Shown * BytesPerToken) : TokensPerReply, _section.MaxTokens);
        return (
            new(
                (long)(open.Bytes / BytesPerToken) + (open.Messages * TokensPerMessage),
                (long)(open.Bytes / MostBytesPerToken),
                (long)(open.Bytes / LeastBytesPerToken) + (open.Messages * MostTokensPerMessage)),
            // A reply of a quarter the usual length still has reasons; more than the limit no server sends.
            new((long)(open.Count * reply), (long)(open.Count * reply / 4), open.Count * _section.MaxTokens));
    }

    /// <summary>A request counts against a minute's limits from when it is sent until a minute after its answer, see <see cref="Requests.RequestGate"/>.</summary>
    private (TimeSpan? Time, string? Limit) Time(long questions, long tokens)
    {
        var latency = _measured.Latency;
        var minute = 60 + (latency ?? 0);
        (double? Seconds, string Limit)[] limits =
        [
            (latency * Math.Ceiling((double)questions / _section.Concurrency), "teacher.concurrency"),
            (Minutes(questions, _section.RequestsPerMinute) * minute, "teacher.requests_per_minute"),
            (Minutes(tokens, _section.TokensPerMinute) * minute, "teacher.tokens_per_minute"),
        ];
        var slowest = limits.Where(limit => limit.Seconds is not null).OrderByDescending(limit => limit.Seconds).FirstOrDefault();
        return slowest.Seconds is { } seconds ? (TimeSpan.FromSeconds(seconds), slowest.Limit) : (null, null);

        // What one minute has room for goes at once.
        static double? Minutes(long count, int? limit) => limit is null ? null : Math.Floor((double)Math.Max(0, count - 1) / limit.Value);
    }

    private static Prompts Prompt(ITeacher teacher, Example example) => teacher is ChatTeacher chat ? Prompts.Of(chat.PromptFor(example)) : new() { Count = 1 };

    /// <summary>The size of one or several prompts.</summary>
    private readonly record struct Prompts
    {
        /// <summary>Prompts.</summary>
        public long Count { get; init; }

        /// <summary>Messages in them.</summary>
        public long Messages { get; init; }

        /// <summary>Bytes of UTF-8 in these.</summary>
        public long Bytes { get; init; }

        /// <summary>Replies that they show as examples.</summary>
        public long Shown { get; init; }

        /// <summary>Bytes of those.</summary>
        public long ShownBytes { get; init; }

        public static Prompts Of(IReadOnlyList<ChatMessage> messages)
        {
            var (bytes, shown, shownBytes) = (0L, 0L, 0L);
            foreach (var message in messages)
            {
                var size = Encoding.UTF8.GetByteCount(message.Text);
                bytes += size;
                if (message.Role == ChatRole.Assistant)
                {
                    (shown, shownBytes) = (shown + 1, shownBytes + size);
                }
            }

            return new() { Count = 1, Messages = messages.Count, Bytes = bytes, Shown = shown, ShownBytes = shownBytes };
        }

        public Prompts With(Prompts other) => new()
        {
            Count = Count + other.Count,
            Messages = Messages + other.Messages,
            Bytes = Bytes + other.Bytes,
            Shown = Shown + other.Shown,
            ShownBytes = ShownBytes + other.ShownBytes,
        };
    }
}
