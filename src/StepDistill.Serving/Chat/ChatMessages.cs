using System.Text.Json;
using StepDistill.Serving.Http;

namespace StepDistill.Serving.Chat;

/// <summary>Finds the student's input among a chat's messages.</summary>
internal static class ChatMessages
{
    private const int MaxMessages = 1024;
    private const int MaxParts = 64;

    private static readonly string[] Roles = ["user", "system", "developer", "assistant", "tool", "function"];

    /// <summary>The last message of role <c>user</c>. What stands before it was written for a large model; a student has learnt it.</summary>
    /// <exception cref="RequestFault">There is none, or it is no text.</exception>
    public static string Input(JsonElement messages, ServeSettings limits)
    {
        string? input = null;
        foreach (var (index, message) in JsonFields.Array(messages, "messages", MaxMessages).Index())
        {
            var field = $"messages[{index}]";
            if (message.ValueKind != JsonValueKind.Object)
            {
                throw RequestFault.At(field, $"is {JsonBody.Name(message.ValueKind)}; it must be an object.");
            }

            var role = ChatReading.Field(message, "role") is { } named
                ? JsonFields.Text(named, $"{field}.role")
                : throw RequestFault.At($"{field}.role", "is missing.");
            if (!Roles.Contains(role))
            {
                throw RequestFault.At($"{field}.role", $"must be one of {string.Join(", ", Roles)}.");
            }

            if (role == "user")
            {
                input = Content(message, $"{field}.content", limits);
            }
        }

        return input ?? throw RequestFault.At("messages", "hold no message of role user.");
    }

    private static string Content(JsonElement message, string field, ServeSettings limits)
    {
        var content = ChatReading.Field(message, "content") ?? throw RequestFault.At(field, "is missing.");
        if (content.ValueKind == JsonValueKind.String)
        {
            return JsonFields.Text(content, field, limits.MaxCharacters);
        }

        var text = string.Concat(JsonFields.Array(content, field, MaxParts).Select((part, index) => Part(part, $"{field}[{index}]")));
        return text.Length > limits.MaxCharacters ? throw RequestFault.At(field, $"has {text.Length} characters; it may have {limits.MaxCharacters}.")
            : string.IsNullOrWhiteSpace(text) ? throw RequestFault.At(field, "is empty.")
            : text;
    }

    private static string Part(JsonElement part, string field)
    {
        if (part.ValueKind != JsonValueKind.Object)
        {
            throw RequestFault.At(field, $"is {JsonBody.Name(part.ValueKind)}; it must be an object.");
        }

        if (ChatReading.Field(part, "type") is not { } type || JsonFields.Text(type, $"{field}.type") != "text")
        {
            throw RequestFault.At($"{field}.type", "must be text: a student reads nothing else.");
        }

        return ChatReading.Field(part, "text") is { } text
            ? JsonFields.Text(text, $"{field}.text")
            : throw RequestFault.At($"{field}.text", "is missing.");
    }
}
