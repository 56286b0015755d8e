using System.Text.Json.Nodes;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Teachers.Prompts;

/// <summary>The JSON schema of a reply, within what servers with strict schemas allow: every key required, no others.</summary>
internal static class ReplySchema
{
    /// <summary>What requests call the schema.</summary>
    public const string Name = "answer";

    /// <summary>Writes the schema as text.</summary>
    /// <param name="task">What a label is: a closed set becomes an enumeration.</param>
    /// <param name="example">Its choices become one, where the task is to choose.</param>
    /// <param name="order">Servers that enforce a schema write the keys in its order; with a given label there is none to write.</param>
    public static string Of(TaskSpec task, Example example, RationaleOrder order)
    {
        var properties = new JsonObject { [JsonReply.Rationale] = new JsonObject { ["type"] = "string" } };
        if (order != RationaleOrder.ForGold)
        {
            properties.Insert(order == RationaleOrder.After ? 0 : 1, JsonReply.Label, Label(task, example));
        }

        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = new JsonArray([.. properties.Select(property => (JsonNode)property.Key)]),
            ["additionalProperties"] = false,
        }.ToJsonString();
    }

    private static JsonObject Label(TaskSpec task, Example example)
    {
        var label = new JsonObject { ["type"] = "string" };
        var allowed = task.Answer switch
        {
            AnswerKind.Label => task.Labels,
            AnswerKind.Choice => example.Choices,
            _ => [],
        };
        if (allowed.Count > 0)
        {
            label["enum"] = new JsonArray([.. allowed.Select(one => one.Trim()).Distinct(StringComparer.Ordinal).Select(one => (JsonNode)one)]);
        }

        return label;
    }
}
