using Microsoft.Extensions.AI;
using StepDistill.Annotations;

namespace StepDistill.Teachers;

/// <summary>A question to a chat model, ready to be sent.</summary>
/// <param name="Messages">The prompt.</param>
/// <param name="Options">What goes with it.</param>
/// <param name="Unanswered">The annotation as long as there is no reply: its key, and whose question it is.</param>
internal sealed record ChatQuestion(IReadOnlyList<ChatMessage> Messages, ChatOptions Options, Annotation Unanswered);
