using System.Text.Json;
using Microsoft.Extensions.AI;

namespace StepDistill.Teachers.Prompts;

/// <summary>Asks a server to hold a reply to a JSON schema.</summary>
internal static class SchemaRequest
{
    /// <summary>By this key Microsoft.Extensions.AI.OpenAI is told to send the schema as one to be enforced; others pass over it.</summary>
    private const string Strict = "strict";

    /// <summary>Adds the schema to what goes with a question.</summary>
    /// <param name="options">What goes with it.</param>
    /// <param name="schema">The schema as text.</param>
    public static void Add(ChatOptions options, string schema)
    {
        using var document = JsonDocument.Parse(schema);
        options.ResponseFormat = ChatResponseFormat.ForJsonSchema(document.RootElement.Clone(), ReplySchema.Name);
        options.AdditionalProperties = new() { [Strict] = true };
    }
}
