using System.Text;
using System.Text.Json;
using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Replies;

/// <summary>Reads a reply that was to be one JSON object with the keys <c>rationale</c> and <c>label</c>.</summary>
/// <remarks>
/// Strict, since a schema went with the question: a key given twice, a value of another type, or text after the object leave
/// open what the teacher meant, so there is no label. Passed over are a model's thoughts in <c>&lt;think&gt;</c>, a fence of
/// back-ticks, and keys that nobody asked for.
/// </remarks>
internal static class JsonReply
{
    /// <summary>The key of the label.</summary>
    public const string Label = "label";

    /// <summary>The key of the reasons.</summary>
    public const string Rationale = "rationale";

    /// <summary>Characters of a reply that are looked at: far more than a token limit lets through.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>Nesting that is looked into; the object asked for has one level.</summary>
    private const int MaxDepth = 16;

    /// <summary>Reads a reply.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="example">Its choices count; its gold label too where it was given.</param>
    /// <param name="reply">The untouched reply.</param>
    /// <param name="hitTokenLimit">Whether the provider said that the reply was cut off.</param>
    /// <param name="isLabelGiven">Whether reasons for the gold label were asked, and no label.</param>
    public static Reply Read(TaskSpec task, Example example, string reply, bool hitTokenLimit, bool isLabelGiven)
    {
        if (string.IsNullOrWhiteSpace(reply))
        {
            return Without("the reply is blank", hitTokenLimit);
        }

        if (reply.Length > MaxLength)
        {
            return Without($"the reply has {reply.Length} characters, more than the {MaxLength} that are read", isCut: false);
        }

        var fields = new Fields();
        var fault = Parse(Unwrapped(reply), hitTokenLimit, fields, out var isWhole);
        var rationale = fields.Rationale is { } reasons ? ReplyFormat.Plain.Rationale(reasons) : null;
        if (fault is not null || (!isWhole && (isLabelGiven || fields.Label is null)))
        {
            return Without(fault ?? "the object is not closed", hitTokenLimit && !isWhole) with { Rationale = rationale };
        }

        return isLabelGiven
            ? rationale is not null
                ? new Reply(AnnotationStatus.Ok, task.Canonical(example, example.Label!), rationale, null)
                : Without($"the object has no '{Rationale}'", isCut: false)
            : LabelOf(task, example, fields.Label, out fault) is { } label
                ? new Reply(AnnotationStatus.Ok, label, rationale, null)
                : Without(fault!, isCut: false) with { Rationale = rationale };
    }

    private static string? LabelOf(TaskSpec task, Example example, string? said, out string? fault)
    {
        fault = string.IsNullOrWhiteSpace(said) ? $"the object has no '{Label}'" : null;
        if (fault is not null)
        {
            return null;
        }

        var label = task.Canonical(example, said!) ?? LabelReading.ReadAlone(task, example, said);
        fault = label is null ? $"the label '{Shortened(said!)}' is not one that the task allows" : null;
        return label;
    }

    /// <summary>Reads the object's keys; tells what is wrong with it, or null.</summary>
    /// <param name="json">The object, and whatever follows it.</param>
    /// <param name="mayBeCut">Whether the text may end anywhere.</param>
    /// <param name="fields">Takes what was read before the end or the fault.</param>
    /// <param name="isWhole">Whether the object was read to its end.</param>
    private static string? Parse(ReadOnlySpan<char> json, bool mayBeCut, Fields fields, out bool isWhole)
    {
        isWhole = false;
        if (json is not ['{', ..])
        {
            return $"there is no JSON object; the reply starts with '{Shortened(json)}'";
        }

        var bytes = new byte[Encoding.UTF8.GetByteCount(json)];
        Encoding.UTF8.GetBytes(json, bytes);
        var reader = new Utf8JsonReader(bytes, isFinalBlock: !mayBeCut, new JsonReaderState(new() { MaxDepth = MaxDepth }));
        try
        {
            reader.Read();
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.EndObject)
                {
                    isWhole = true;
                    var rest = Encoding.UTF8.GetString(bytes.AsSpan((int)reader.BytesConsumed)).Trim();
                    return rest.Length == 0 ? null : $"text follows the JSON object: '{Shortened(rest)}'";
                }

                var name = reader.GetString()!;
                if (name is not (Label or Rationale))
                {
                    if (!reader.TrySkip())
                    {
                        return null;
                    }
                }
                else if (!reader.Read())
                {
                    return null;
                }
                else if (fields.Take(name, ref reader) is { } fault)
                {
                    return fault;
                }
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What the parser says quotes the reply's bytes; where it stopped is enough to find the place.
            return $"it is not JSON from byte {reader.BytesConsumed} on";
        }
    }

    /// <summary>The reply without thoughts before it and without a fence around it.</summary>
    private static ReadOnlySpan<char> Unwrapped(string reply)
    {
        var text = ReplyFormat.Plain.FirstBlock(reply, out _).Trim();
        if (text.StartsWith("```"))
        {
            var line = text.IndexOf('\n');
            text = (line < 0 ? [] : text[(line + 1)..]).Trim();
            text = (text.EndsWith("```") ? text[..^3] : text).Trim();
        }

        return text;
    }

    private static Reply Without(string why, bool isCut) => new(
        isCut ? AnnotationStatus.Truncated : AnnotationStatus.Unreadable, null, null,
        $"{(isCut ? "The reply ends before its label" : "No label can be read")}: {why}.");

    private static string Shortened(ReadOnlySpan<char> text)
    {
        var line = text.IndexOfAny('\n', '\r') is >= 0 and var end ? text[..end] : text;
        return line.Length <= 60 ? line.ToString() : $"{line[..59]}…";
    }

    /// <summary>What the object said.</summary>
    private sealed class Fields
    {
        public string? Label { get; private set; }

        public string? Rationale { get; private set; }

        private bool _hasLabel, _hasRationale;

        /// <summary>Takes the value that the reader stands at; tells what is wrong with it, or null.</summary>
        public string? Take(string name, ref Utf8JsonReader reader)
        {
            var isLabel = name == JsonReply.Label;
            if (isLabel ? _hasLabel : _hasRationale)
            {
                return $"the object has '{name}' twice";
            }

            // Models write an equation that is a mere number as one.
            string? value;
            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    value = reader.GetString();
                    break;
                case JsonTokenType.Number when isLabel:
                    value = Encoding.UTF8.GetString(reader.ValueSpan);
                    break;
                default:
                    return $"'{name}' is {Kind(reader.TokenType)}; it must be a string";
            }

            if (isLabel)
            {
                (Label, _hasLabel) = (value, true);
            }
            else
            {
                (Rationale, _hasRationale) = (value, true);
            }

            return null;
        }

        private static string Kind(JsonTokenType type) => type switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "a list",
            JsonTokenType.Null => "null",
            JsonTokenType.Number => "a number",
            _ => "true or false",
        };
    }
}
